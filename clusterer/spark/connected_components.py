"""Connected components of a graph that is larger than one machine, in DataFrame operations.

Alternating large-star and small-star: each step ties the neighbours of a node to the least one of them, the larger ones
in one step, the smaller ones in the other, until every component is a star around its least node. Before each round a
worker ties what hangs together within its partition by itself, and edges that are few enough are finished by one worker:
the rounds are for what is left, and most graphs of news have no need of a second one. Every round is a checkpoint.

Source: Kiveris, Lattanzi, Mirrokni, Rastogi and Vassilvitskii 2014, "Connected components in MapReduce and beyond",
algorithms 2 to 4.

Array letters: `n` nodes, `m` edges.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import factorize
from clusterer.spark.arrow import Batch, batch_of, numbers

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

EDGES = "a long, b long"
FEW_EDGES = 4_000_000
"""Edges that one worker finishes: 64 MB of them."""
FEW_LINKS = 1 << 18
"""Links that one worker groups at once, whatever their components."""
LINKS_TOGETHER = 4_000_000
"""Links of a component that one worker groups; a larger component is cut."""
_ROUNDS = 60  # the two steps halve what is left many times before
_CUTS = 24  # rounds of cutting; the last leaves what is there

Keep = Callable[[str, Callable[[], "DataFrame"]], "DataFrame"]
"""Makes a DataFrame unless it is written, and reads it back: name and maker to DataFrame (`Checkpoints.keep`)."""


def with_components(
    links: DataFrame, keep: Keep, name: str, strength: str, links_together: int = LINKS_TOGETHER
) -> DataFrame:
    """Return links with the component that they are of, a column `component`; too large ones are cut.

    Few links need not be told apart: they are all of component 0. Of a component that is too large for one worker the
    links weaker than their median go, again and again until its pieces are small enough; where all are equally strong,
    each text keeps only the link to its first neighbour. A warning counts such components.

    Args:
        links: rows with `a` and `b`, longs, and what `strength` is computed from.
        keep: writes and reads what rounds leave.
        name: of the links, which names of stages begin with.
        strength: an SQL expression of the links' columns.
        links_together: the most links of a component.
    """
    from pyspark.sql import functions as F

    if links.count() <= min(FEW_LINKS, links_together):
        return links.withColumn("component", F.lit(0).cast("long"))
    links_before = None
    for turn in range(_CUTS):
        tail = f"-cut{turn}" if turn else ""
        members = components(links, keep, f"{name}-components{tail}")
        joined = links.join(members.withColumnRenamed("node", "a"), "a")
        large = keep(f"{name}-large{tail}", partial(_too_large, joined, strength, links_together))
        total = large.agg({"links": "sum"}).first()
        assert total is not None
        if total[0] is None or total[0] == links_before:  # none, or no more to cut
            break
        links_before = total[0]
        warnings.warn(
            f"{name}: {large.count()} components have more than {links_together:,} links and are cut where they are"
            " weakest",
            stacklevel=2,
        )
        links = keep(f"{name}-cut{turn + 1}", partial(_without_weak_links, joined, large, strength))
    return joined


def _too_large(links: DataFrame, strength: str, links_together: int) -> DataFrame:
    """Return components of too many links: `component`, `links`, the `median` of their strength and the `weakest`."""
    from pyspark.sql import functions as F

    return (
        links.groupBy("component")
        .agg(
            F.count("*").alias("links"),
            F.percentile_approx(F.expr(strength), 0.5).alias("median"),
            F.min(F.expr(strength)).alias("weakest"),
        )
        .where(F.col("links") > links_together)
    )


def _without_weak_links(links: DataFrame, large: DataFrame, strength: str) -> DataFrame:
    """Return links without those that the rule of `with_components` cuts, and without the column `component`."""
    from pyspark.sql import Window, functions as F

    marked = links.join(large, "component", "left").withColumn("strength", F.expr(strength))
    first_neighbour = F.min("a").over(Window.partitionBy("component", "b"))
    kept = F.expr("links IS NULL OR (weakest < median AND strength >= median)")
    kept = kept | (F.expr("weakest >= median") & (F.col("a") == first_neighbour))
    return marked.withColumn("kept", kept).where("kept").select(*(c for c in links.columns if c != "component"))


def components(edges: DataFrame, keep: Keep, name: str, few: int = FEW_EDGES) -> DataFrame:
    """Return the component of every node that has an edge: `node`, and `component`, the least node of it.

    Args:
        edges: a DataFrame of `a` and `b`, longs, in any order, repeats allowed.
        keep: writes and reads what rounds leave.
        name: of the edges, which names of stages begin with.
        few: edges that one worker finishes.
    """
    from pyspark.sql import functions as F

    current = keep(f"{name}-0", lambda: edges.select("a", "b").mapInArrow(stars, EDGES))
    sums_before: tuple[int, ...] = ()
    for turn in range(1, _ROUNDS):
        row = current.select(F.count("*"), F.sum(F.xxhash64("a", "b").cast("decimal(38,0)"))).first()
        assert row is not None
        if row[0] <= few:
            current = keep(f"{name}-last", partial(_alone, current))
            break
        if tuple(row) == sums_before:
            break
        sums_before = tuple(row)
        current = keep(f"{name}-{turn}", partial(_round, current))
    loops = current.select(F.col("b").alias("node"), F.col("a").alias("component"))
    return loops.union(current.select(F.col("a").alias("node"), F.col("a").alias("component"))).distinct()


def _alone(edges: DataFrame) -> DataFrame:
    return edges.coalesce(1).mapInArrow(stars, EDGES)


def _round(edges: DataFrame) -> DataFrame:
    """One large-star and one small-star step, and what workers tie by themselves: edges (least, other), each once."""
    edges_left = small_star(large_star(edges)).mapInArrow(stars, EDGES)
    return small_star(large_star(edges_left))


def large_star(edges: DataFrame) -> DataFrame:
    """The larger neighbours of each node tied to the least of its neighbours and itself."""
    from pyspark.sql import functions as F

    both = edges.select("a", "b").union(edges.select(F.col("b").alias("a"), F.col("a").alias("b")))
    least = both.groupBy("a").agg(F.least(F.min("b"), F.col("a")).alias("root"))
    pairs_to_root = both.where("b > a").join(least, "a").select(F.col("root").alias("a"), "b")
    return pairs_to_root.where("a != b").distinct()


def small_star(edges: DataFrame) -> DataFrame:
    """The smaller neighbours of each node, and itself, tied to the least of them."""
    from pyspark.sql import functions as F

    down = edges.select(F.greatest("a", "b").alias("a"), F.least("a", "b").alias("b")).where("a != b")
    least = down.groupBy("a").agg(F.min("b").alias("root"))
    others = down.join(least, "a").where("b != root").select(F.col("root").alias("a"), "b")
    return others.union(least.select(F.col("root").alias("a"), F.col("a").alias("b"))).distinct()


def stars(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Edges of a partition to stars: (least node, other node) of what hangs together within it."""
    held = [np.stack([numbers(batch.column(name)) for name in ("a", "b")]) for batch in batches]
    if not held:
        return
    nodes, roots = roots_of(np.concatenate(held, axis=1))
    others = nodes != roots
    yield batch_of({"a": roots[others], "b": nodes[others]})


def roots_of(edges: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The nodes of edges, int64 (2, m), ascending, and the least node that each hangs together with: int64 (n,) twice."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    nodes, local = factorize(edges)
    a, b = local
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(len(nodes), len(nodes)))
    _, label = connected_components(graph, directed=False)
    first = np.full(int(label.max(initial=-1)) + 1, -1, dtype=np.int64)
    first[label[::-1]] = np.arange(len(nodes))[::-1]
    return nodes, nodes[first[label]]
