"""Fields inside objects are hinted at where rows have no column for them, and the cure works."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clusterer.io.feed import Feed

INNER = {"publisher": "واس", "link": "https://spa.example/1", "crawled": "2024-03-05T10:00:00Z"}
ROWS = [{"id": str(n), "text": f"افتتح الوزير مستشفى جديدا في المدينة رقم {n}", "metadata": INNER} for n in range(3)]
HINT = (
    "inside objects, not read: date, source, url; cure: --date-field metadata.crawled --source-field metadata.publisher"
    " --url-field metadata.link"
)


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_members_of_objects_are_hinted_at_and_the_cure_works(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{ending}"
    if ending == "parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    feed = Feed(path)
    assert {row.article.source for row in feed} == {""}
    assert feed.notes == [HINT]
    fields = {"date": "metadata.crawled", "source": "metadata.publisher", "url": "metadata.link"}
    feed = Feed(path, fields=fields)
    (article,) = {(row.article.source, row.article.url) for row in feed}
    assert article == ("واس", "https://spa.example/1")
    assert feed.notes == []


def test_what_has_a_column_or_is_anothers_is_not_hinted_at(tmp_path: Path) -> None:
    row = {
        "text": "نص الخبر هنا",
        "source": "واس",
        "author": {"url": "https://x.example"},
        "meta": {"publisher": "واس"},
    }
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    feed = Feed(tmp_path / "a.jsonl")
    assert len(list(feed)) == 1
    assert feed.notes == []
