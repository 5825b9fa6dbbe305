"""What Python callers are told of how their articles were read."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path
from typing import Any

import pytest

import clusterer

ROWS = [
    {
        "id": str(i),
        "text": f"قال وزير الصحة رقم {i} في بيان إن العمل مستمر",
        "body": f"فاز الفريق رقم {i} في المباراة أمس",
    }
    for i in range(20)
]


def _path(folder: Path) -> str:
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), "utf-8")
    return str(folder / "a.jsonl")


def _frame(folder: Path) -> Any:
    return pytest.importorskip("pandas").DataFrame(ROWS)


@pytest.mark.parametrize("given", [_path, _frame, lambda _: ROWS], ids=["path", "frame", "dicts"])
def test_a_close_choice_of_fields_is_warned_of_in_words_of_python(given: Any, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"texts stand in 'text' and 'body'.*fields=\{'text': 'body'\}"):
        clusterer.cluster(given(tmp_path), level="exact")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clusterer.cluster(given(tmp_path), level="exact", fields={"text": "body"})


def test_what_was_read_as_what_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "clusterer"), pytest.warns(UserWarning, match="texts stand"):
        list(clusterer.read(_path(tmp_path)))
    assert "read as: text text else body, title none" in caplog.text
