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

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import factorize
from clusterer.spark.arrow import Batch, batch_of, numbers

EDGES = "a long, b long"
FEW = 4_000_000
"""Edges that one worker finishes: 64 MB of them."""
_ROUNDS = 60  # the two steps halve what is left many times before

Stage = Callable[[str, Callable[[], Any]], Any]
"""Makes a DataFrame unless it is there, and reads it back: name and maker to DataFrame."""


def components(edges: Any, stage: Stage, name: str, few: int = FEW) -> Any:
    """The component of every node that has an edge: `node`, `component`, its least node.

    Args:
        edges: a DataFrame of `a` and `b`, longs, in any order, repeats allowed.
        stage: keeps what rounds leave.
        name: of the stages.
        few: edges that one worker finishes.
    """
    from pyspark.sql import functions as F

    current = stage(f"{name}-0", lambda: edges.select("a", "b").mapInArrow(tied, EDGES))
    before: tuple[Any, ...] = ()
    for turn in range(1, _ROUNDS):
        row = current.select(F.count("*"), F.sum(F.xxhash64("a", "b").cast("decimal(38,0)"))).first()
        if row[0] <= few:
            current = stage(f"{name}-last", partial(_alone, current))
            break
        if tuple(row) == before:
            break
        before = tuple(row)
        current = stage(f"{name}-{turn}", partial(_round, current))
    loops = current.select(F.col("b").alias("node"), F.col("a").alias("component"))
    return loops.union(current.select(F.col("a").alias("node"), F.col("a").alias("component"))).distinct()


def _alone(edges: Any) -> Any:
    return edges.coalesce(1).mapInArrow(tied, EDGES)


def _round(edges: Any) -> Any:
    """One large-star and one small-star step, and what workers tie by themselves: edges (least, other), each once."""
    tied_here = small_star(large_star(edges)).mapInArrow(tied, EDGES)
    return small_star(large_star(tied_here))


def large_star(edges: Any) -> Any:
    """The larger neighbours of each node tied to the least of its neighbours and itself."""
    from pyspark.sql import functions as F

    both = edges.select("a", "b").union(edges.select(F.col("b").alias("a"), F.col("a").alias("b")))
    least = both.groupBy("a").agg(F.least(F.min("b"), F.col("a")).alias("root"))
    tied_to = both.where("b > a").join(least, "a").select(F.col("root").alias("a"), "b")
    return tied_to.where("a != b").distinct()


def small_star(edges: Any) -> Any:
    """The smaller neighbours of each node, and itself, tied to the least of them."""
    from pyspark.sql import functions as F

    down = edges.select(F.greatest("a", "b").alias("a"), F.least("a", "b").alias("b")).where("a != b")
    least = down.groupBy("a").agg(F.min("b").alias("root"))
    others = down.join(least, "a").where("b != root").select(F.col("root").alias("a"), "b")
    return others.union(least.select(F.col("root").alias("a"), F.col("a").alias("b"))).distinct()


def tied(batches: Iterable[Batch]) -> Iterator[Batch]:
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


FEW = 1 << 18
"""Links that one worker groups at once, whatever their components."""
LINKS_TOGETHER = 4_000_000
"""Links of a component that one worker groups; a larger component is cut."""
_CUTS = 24  # rounds of cutting; the last leaves what is there


def _cut(links: Any, large: Any, strength: str) -> Any:
    """Links of components as they are, those of large ones cut: see `Job._whole`."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    marked = links.join(large, "component", "left").withColumn("strength", F.expr(strength))
    first = F.min("a").over(Window.partitionBy("component", "b"))
    kept = F.expr("links IS NULL OR (weakest < median AND strength >= median)")
    kept = kept | (F.expr("weakest >= median") & (F.col("a") == first))
    return marked.withColumn("kept", kept).where("kept").select(*(c for c in links.columns if c != "component"))
