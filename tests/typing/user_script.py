"""A user's script over the whole public surface, for type checkers and to be run: see `test_user_script`.

Every `assert_type` names the type that an editor would show. A name that became `Any` or `object` fails there.

Run as ``python user_script.py FEED GOLD FOLDER``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_type

import numpy as np

import clusterer
from clusterer import (
    Article,
    Assignment,
    ClustererError,
    Clustering,
    Explainer,
    Explanation,
    Gold,
    InputError,
    OutputError,
    Settings,
    SettingsError,
    StoryClusterer,
    StoryIndex,
    Tuning,
    bcubed_scorer,
    cluster,
    explain,
    read_gold,
    tune,
)
from clusterer.evaluation import Judged, Mistake, PairSampler, PairScores, Scores, evaluate, evaluate_pairs, mistakes
from clusterer.index import Added, Removed
from clusterer.io import Feed, Quarantine
from clusterer.lsh import Ragged, from_datasketch, signatures, to_datasketch

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def grouped(feed: str, folder: Path) -> list[Article]:
    """Read a feed with its bad rows set aside, group it, and ask why."""
    with Quarantine(folder / "quarantine.jsonl") as quarantine:
        articles = [row.article for row in Feed(feed, on_bad=quarantine.add)]
    assert_type(articles, list[Article])
    assert_type(quarantine.count, int)
    settings = Settings(level="story", jaccard=0.8)
    assert_type(settings.jaccard, float)
    result = cluster(articles, settings)
    assert_type(result, Clustering)
    assert_type(result.groups("story"), dict[str, list[str]])
    for assignment in result:
        assert_type(assignment, Assignment)
        assert_type(assignment.evidence, Mapping[str, float] | None)
        break
    first, second = next(ids for ids in result.groups("story").values() if len(ids) > 1)[:2]
    found = Explainer(articles, settings).explain(first, second)
    assert_type(found, Explanation)
    assert_type(found.verdict, str)
    assert_type(explain(articles[:3], articles[0].id, articles[1].id).reasons, tuple[str, ...])
    return articles


def judged(articles: list[Article], path: str) -> Settings:
    """Hold the groups against gold, and let gold choose the thresholds."""
    gold = read_gold(path)
    assert_type(gold, Gold)
    result = cluster(articles)
    story_of = dict(zip((a.id for a in result), result.labels("story"), strict=True))
    labelled = gold.labels["story"]
    assert_type(labelled, Mapping[str, str | int | float])
    ours, theirs = [story_of[id] for id in labelled], list(labelled.values())
    scores = evaluate(ours, theirs)
    assert_type(scores, Scores)
    assert_type(scores.bcubed_f1, float)
    assert_type(mistakes(ours, theirs), list[Mistake])
    assert_type(evaluate_pairs([True, False], [True, True]), PairScores)
    assert_type(Judged("a", "b", True).same, bool | None)
    tuned = tune(articles, gold)
    assert_type(tuned, Tuning)
    assert_type(tuned.toml, str)
    assert_type(PairSampler(articles, Settings()).ids, list[str])
    return tuned.suggested


def estimated(articles: list[Article]) -> float:
    """As an estimator of scikit-learn."""
    estimator = StoryClusterer(level="copy").fit(articles)
    assert_type(estimator, StoryClusterer)
    assert_type(estimator.clustering_, Clustering)
    f1 = bcubed_scorer(estimator, articles, estimator.clustering_.labels("copy"))
    assert_type(f1, float)
    return f1


def kept(articles: list[Article], path: Path) -> None:
    """In an index that lasts."""
    with StoryIndex.open(path) as index:
        assert_type(index, StoryIndex)
        assert_type(index.add(articles), Added)
        assert_type(index.query([Article("نص قصير")]), list[Assignment])
        assert_type(index.stories(min_size=2)[0].title, str)
        assert_type(index.explain(articles[0].id, articles[1].id), Explanation)
        assert_type(index.remove([articles[0].id]), Removed)
        assert_type(index.counts(), dict[str, int])


def sketched() -> None:
    """Signatures for an index of datasketch's."""
    sets = Ragged(np.array([1, 2, 3, 2, 3, 4], dtype=np.uint64), np.array([0, 3, 6], dtype=np.int64))
    rows = signatures(sets, k=64, scheme="affine32")
    minhash = to_datasketch(rows[0], "affine32")
    assert from_datasketch(minhash).tolist() == rows[0].tolist()


def on_spark(df: DataFrame) -> DataFrame:
    """On Apache Spark: a data frame in, a data frame out."""
    from clusterer.spark import cluster as cluster_on_spark

    return cluster_on_spark(df, Settings(level="copy"), text="text")


def refused() -> list[str]:
    """Errors are of one family, and say their cure."""
    said: list[str] = []
    wrong: dict[str, Any] = {"jaccard": 2.0}
    try:
        Settings(**wrong)
    except SettingsError as error:
        said.append(str(error))
    try:
        read_gold("there-is-no-such-file")
    except (InputError, OutputError) as error:
        family: ClustererError = error
        said.append(str(family))
    return said


def main(feed: str, gold: str, folder: str) -> None:
    """All of it, in order."""
    articles = grouped(feed, Path(folder))
    print(clusterer.__version__, len(articles), judged(articles, gold).fingerprint(), estimated(articles))
    kept(articles, Path(folder, "stories.db"))
    sketched()
    assert len(refused()) == 2


if __name__ == "__main__":
    main(*sys.argv[1:4])
