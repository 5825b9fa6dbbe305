"""Rows that are not there yet: lazy frames, readers, relations, data sets. Taken, or named with a cure that works."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from feed_forms import ARTICLES, ROWS

from clusterer.errors import InputError
from clusterer.io.inputs import articles_from


def need(name: str) -> Any:
    return pytest.importorskip(name)


def _arrow() -> Any:
    return need("pyarrow").Table.from_pylist(ROWS)


def _reader() -> Any:
    return _arrow().to_reader()


def _dataset() -> Any:
    return need("pyarrow.dataset").dataset(_arrow())


def _relation() -> Any:
    connection = need("duckdb").connect()
    connection.register("feed", need("pandas").DataFrame(ROWS))
    return connection.sql("SELECT * FROM feed")


def _connection() -> Any:
    connection = need("duckdb").connect()
    connection.register("feed", need("pandas").DataFrame(ROWS))
    return connection.execute("SELECT * FROM feed")


def _dask() -> Any:
    return need("dask.dataframe").from_pandas(need("pandas").DataFrame(ROWS), npartitions=2)


LAZY: dict[str, Callable[[], Any]] = {
    "polars": lambda: need("polars").DataFrame(ROWS).lazy(),
    "reader": _reader,
    "dataset": _dataset,
    "scanner": lambda: _dataset().scanner(),
    "relation": _relation,
    "connection": _connection,
    "dask": _dask,
    "dask-column": lambda: _dask()["text"],
}


@pytest.mark.parametrize("name", LAZY)
def test_what_is_lazy_is_named_with_a_cure_that_works(name: str) -> None:
    given = LAZY[name]()
    with pytest.raises(InputError, match="its rows are not there yet; cure: ") as refused:
        list(articles_from(given))
    cure = re.search(r"cure: \.(\w+)\(\) it first", str(refused.value))
    assert cure
    found = list(articles_from(getattr(given, cure[1])()))
    assert [article.text for article in found] == [article.text for article in ARTICLES]
    assert name == "dask-column" or found == ARTICLES


@pytest.mark.parametrize("kind", ["whole", "streamed"])
def test_data_sets_of_hugging_face_are_taken(kind: str) -> None:
    data = need("datasets").Dataset.from_list(ROWS)
    assert list(articles_from(data if kind == "whole" else data.to_iterable_dataset())) == ARTICLES
    split = need("datasets").DatasetDict({"train": data})
    with pytest.raises(InputError, match=r"cure: one of its values, for example articles\['train'\]"):
        articles_from(split)
    with pytest.raises(InputError, match=r"article 1 is a DataFrame; cure: one frame of all"):
        list(articles_from(data.with_format("pandas")))


def test_batches_are_read_as_their_table_is() -> None:
    batches = _arrow().to_batches(max_chunksize=1)
    assert len(batches) > 1
    for given in (batches, need("pyarrow").Table.from_batches(batches)):
        assert list(articles_from(given)) == ARTICLES


def test_columns_of_a_stream_are_told_by_its_first_rows() -> None:
    rows = [{"id": row["id"], "description": "كل الأخبار", "page": row["text"]} for row in ROWS]
    with pytest.warns(UserWarning, match="'page' was read as text"):
        assert [a.text for a in articles_from(iter(rows))] == [row["text"] for row in ROWS]
