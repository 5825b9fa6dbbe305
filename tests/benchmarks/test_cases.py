"""The suite of cases: it tells right from wrong, and what is read right stays so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from places import SHARED

from benchmarks.suites import cases

NEW_READERS = {"book.xlsx", "crawl.warc.gz", "docs_md", "html", "mysql_tab.tsv", "pages.jsonl", "pandas_default.json",
               "scrapy.jsonl", "sitemap-news.xml", "telegram.json"}  # fmt: skip
"""Cases that wait for a reader of their own."""


def test_cases_are_told_right_or_wrong(tmp_path: Path) -> None:
    (tmp_path / "formats").mkdir()
    rows = [{"description": "أخبار", "raw_content": f"نص الخبر رقم {i} عن افتتاح الجسر الجديد"} for i in range(3)]
    (tmp_path / "formats" / "ccnet.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "formats" / "wrapped_lines.json").write_text('{"data": [{"id": 7, "text": "x"}]}')
    found = {name: wrong for _, name, wrong in cases.run(tmp_path)}
    assert found == {
        "ccnet.jsonl": "",
        "wrapped_lines.json": "AssertionError: ['7'], right is ['0', '1', '2', '3', '4']",
    }
    told = CliRunner().invoke(cases.main, [str(tmp_path)])
    assert told.output.endswith("formats: 1 of 2 right\n")


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "cases").exists(), reason=f"{SHARED / 'cases'} is not here")
def test_what_is_read_right_stays_so() -> None:
    wrong = {name: why for _, name, why in cases.run(SHARED / "cases") if why and name not in NEW_READERS}
    assert not wrong
