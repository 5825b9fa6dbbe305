"""Runs on Spark beside local ones: rows as a data frame, columns and stories by id.

Who imports this is skipped where Spark cannot run.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest
from made import text_of, words_of
from places import DATA

from clusterer import Article, Clustering

pytest.importorskip("pyspark", reason="Spark is not here: pip install 'clusterer[spark]'")
if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
    pytest.skip("Java is not here: Spark needs Java 17", allow_module_level=True)


FEED_FILE = DATA / "feed.jsonl"
COLUMNS = ("story", "copy", "exact", "representative", "linked_to", "relation", "score")
STAGES = ("articles", "lines", "again", "documents", "candidates", "links", "grouped", "texts", "weighed", "met",
          "likely", "alike", "stories", "told", "result")  # fmt: skip
"""Those that are written whatever the feed is."""


def rows_of(articles: list[Article]) -> list[tuple[Any, ...]]:
    return [(a.id, a.title, a.source, a.url, a.date, a.text) for a in articles]


def frame(spark: Any, articles: list[Article]) -> Any:
    schema = "id string, title string, source string, url string, date timestamp, text string"
    return spark.createDataFrame(rows_of(articles), schema)


def told(result: Any) -> dict[str, tuple[Any, ...]]:
    """Columns by id, of a data frame or a local result."""
    if isinstance(result, Clustering):
        return {a.id: (*(getattr(a, x) for x in COLUMNS), a.evidence and dict(a.evidence)) for a in result}
    rows = [row.asDict() for row in result.collect()]
    found = {r["id"]: (*(r[x] for x in COLUMNS), r["evidence"] and json.loads(r["evidence"])) for r in rows}
    assert len(found) == len(rows)
    return found


def stories_of(result: Clustering) -> dict[str, Any]:
    """Lines of stories, as `clusterer cluster --stories` writes them, without what needs titles and dates."""
    heads = {a.story: a.id for a in result if a.representative}
    return by_story(
        json.dumps({"story": x, "articles": n, "representative": heads[x], "follows": result.follows.get(x)})
        for x, n in result.sizes("story").items()
    )


def by_story(lines: Iterable[str | bytes]) -> dict[str, Any]:
    rows = list(map(orjson.loads, lines))
    found = {row["story"]: row for row in rows}
    assert len(found) == len(rows)
    return found


def parts(folder: Path) -> list[str]:
    return [line for part in folder.glob("part-*") for line in part.read_text("utf-8").splitlines()]


def differing(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    assert a.keys() == b.keys()
    return {name: (a[name], b[name]) for name in a if a[name] != b[name]}


def giant(count: int, alike: bool) -> list[Article]:
    """Half of them one text: word by word, or each with a word of its own."""
    body = words_of("giant", 60)
    turn = random.Random(1)
    return [
        Article(" ".join([*body, *([] if alike else words_of(f"own {i}", 2))]) if i % 2 else text_of(i, 60), f"g{i:04}",
                source=f"s{turn.randrange(9)}")
        for i in range(count)
    ]  # fmt: skip
