"""One engine for all tests of a process, which takes as long to start and to warm up as a run; and what they group."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from places import DATA, SHARED
from story_forms import FILLINGS

from clusterer import Article
from clusterer.io.feed import Feed
from clusterer.spark.session import session


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"

    engine = session("local[2]")
    engine.conf.set("spark.sql.shuffle.partitions", "3")
    yield engine
    engine.stop()


@pytest.fixture(scope="session")
def some() -> list[Article]:
    """The sample feed and, where it is here, a slice of the real one, with ids that are taken and articles without one."""
    articles = [row.article for row in Feed([str(DATA / "feed.jsonl")])]
    for file in sorted((SHARED / "feed").glob("*.jsonl.gz"))[2:3]:
        articles += [row.article for row in Feed([str(file)])][:400]
    again = [Article(a.text + " ختام", a.id, a.title, a.source, a.url, a.date) for a in articles[:3]]
    last = articles[5]
    forms = [FILLINGS[name] for name in ("cable-sa", "eid-sa")]  # no copies, and no stories
    filled = [Article(text, title=title, source=f"جريدة {i}") for form in forms for i, (title, text) in enumerate(form)]
    return [
        *articles,
        *filled,
        *again,
        again[0],
        Article("نص قصير", f"{articles[0].id}#2"),
        *(Article("", f"rubric-{i}", "حالة الطقس", "جريدة 0") for i in range(2)),
        Article(last.text, source="واس"),
        Article(""),
    ]
