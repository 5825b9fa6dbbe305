"""Reports in tests: built of articles or by the command, and read back from the page."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from places import ROOT

from clusterer import Article, Clustering, Settings, cluster
from clusterer.report import build, model as report_model

SAMPLE = ROOT / "data" / "feed.jsonl"
Run = tuple[list[Article], Clustering, report_model.Report]


def reported(articles: list[Article], settings: Settings | None = None, **options: Any) -> Run:
    settings = settings or Settings()
    result = cluster(articles, settings)
    options = {"furniture": result.furniture, "stats": result.stats, **options}
    return articles, result, build.build(result.assignments, lambda: articles, settings, **options)


def unpacked(block: bytes) -> Any:
    return json.loads(zlib.decompress(block, -zlib.MAX_WBITS))


def embedded(page: bytes, name: str) -> Any:
    """What a page holds in one of its blocks."""
    (coded,) = re.findall(rf'<script type="application/octet-stream" id="{name}">([^<]*)</script>', page.decode())
    return unpacked(b64decode(coded))


def members(made: report_model.Report) -> Iterator[tuple[report_model.Summary, list[dict[str, Any]]]]:
    blocks = [unpacked(block) for block in made.blocks]
    for story in made.stories:
        yield story, blocks[story.block][story.place]
