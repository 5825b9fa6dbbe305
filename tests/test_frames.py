"""Data frames in and out: what a row becomes, whatever the library, its kinds of columns and its words for "missing"."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import text_of

from clusterer import Article, Clustering, InputError, Settings, StoryClusterer, StoryIndex, cluster, frames
from clusterer.fields import article_from
from clusterer.frames import rows_of
from clusterer.records import Assignment

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

DATA = Path(__file__).parents[1] / "data"
ROWS = [json.loads(line) for line in (DATA / "feed.jsonl").read_text("utf-8").splitlines()]
NAMES = list(ROWS[0])


def table(rows: list[dict[str, Any]], kind: Any = None) -> Any:
    """An Arrow table; of one kind of strings where asked."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pa.table({name: pa.array([row.get(name) for row in rows], kind) for name in names})


def in_pieces(whole: Any, join: Callable[[list[Any]], Any]) -> Any:
    """The same rows in chunks, an empty one among them."""
    return join([whole.slice(0, 3), whole.slice(3, 0), whole.slice(3, 50), whole.slice(53)])


KINDS: dict[str, Callable[[list[dict[str, Any]]], Any]] = {
    "pandas": pd.DataFrame,
    "pandas, objects": lambda rows: pd.DataFrame(rows, dtype=object),
    "pandas, nullable": lambda rows: pd.DataFrame(rows).convert_dtypes(),
    "pandas, arrow": lambda rows: table(rows).to_pandas(types_mapper=pd.ArrowDtype),
    "pandas, categories": lambda rows: pd.DataFrame(rows).astype("category"),
    "pandas, one label for all": lambda rows: pd.DataFrame(rows, index=[7] * len(rows)),
    "polars": pl.DataFrame,
    "polars, categories": lambda rows: pl.DataFrame(rows).cast(pl.Categorical),
    "polars, pieces": lambda rows: in_pieces(pl.DataFrame(rows), lambda parts: pl.concat(parts, rechunk=False)),
    "pyarrow": table,
    "pyarrow, large": lambda rows: table(rows, pa.large_string()),
    "pyarrow, views": lambda rows: table(rows, pa.string_view()),
    "pyarrow, dictionaries": lambda rows: table(rows, pa.dictionary(pa.int32(), pa.string())),
    "pyarrow, pieces": lambda rows: in_pieces(table(rows), pa.concat_tables),
    "pyarrow, batch": lambda rows: table(rows).to_batches()[0],
}


@pytest.fixture(scope="module")
def expected() -> Clustering:
    return cluster(ROWS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_is_grouped_as_its_rows_are(kind: str, expected: Clustering) -> None:
    found = cluster(KINDS[kind](ROWS))
    assert found.assignments == expected.assignments
    assert found.stats == expected.stats
    assert [a.id for a in found] == [row["id"] for row in ROWS]


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_becomes_the_article_that_its_mapping_is(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "_BLOCK", 13)
    assert list(walked(KINDS[kind](ROWS))) == [article_from(row) for row in ROWS]


def walked(given: Any, fields: dict[str, str] | None = None) -> Iterator[Any]:
    rows = rows_of(given, fields)
    assert rows is not None
    return rows


# --- alignment


def test_labels_stay_with_their_rows_after_shuffling_and_filtering(expected: Clustering) -> None:
    order = random.Random(5).sample(range(len(ROWS)), 100)
    story = cluster([ROWS[i] for i in order]).labels("story")
    shuffled = pd.DataFrame(ROWS).iloc[order]
    shuffled["label"] = cluster(shuffled).labels("story")
    assert shuffled["label"].tolist() == story
    assert [shuffled.loc[i, "label"] for i in sorted(order)] == [story[order.index(i)] for i in sorted(order)]
    assert cluster(pl.DataFrame(ROWS)[order]).labels("story") == story
    assert cluster(table(ROWS).take(order)).labels("story") == story
    # A view of every other row.
    assert cluster(pd.DataFrame(ROWS)[::2]).assignments == cluster(ROWS[::2]).assignments
    assert cluster(pl.DataFrame(ROWS).filter(pl.col("source") == ROWS[0]["source"])).labels() == (
        cluster([row for row in ROWS if row["source"] == ROWS[0]["source"]]).labels()
    )


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "polars, categories"])
def test_a_row_without_a_text_keeps_its_place_and_is_never_grouped(kind: str) -> None:
    rows = [
        {"id": "a", "title": "", "text": text_of(1, 40)},
        {"id": "b", "title": None, "text": None},
        {"id": "c", "title": "عنوان", "text": None},
        {"id": "d", "title": None, "text": None},
        {"id": None, "title": None, "text": None},
        {"id": "e", "title": None, "text": text_of(1, 40)},
    ]
    found = cluster(KINDS[kind](rows))
    assert len(found) == 6
    assert [a.id for a in found][:4] == ["a", "b", "c", "d"]
    ours = [frozenset(g) for g in found.groups("story").values()]
    assert frozenset({"a", "e"}) in ours
    assert len(ours) == 5


# --- what a cell may be

DAY = datetime(2015, 7, 21, 9, 8, 56, tzinfo=UTC)
NAIVE = DAY.replace(tzinfo=None)
RIYADH = timezone(timedelta(hours=3))
DATES: dict[str, tuple[Callable[[], Any], datetime]] = {
    "pandas, naive": (lambda: pd.Series([NAIVE, None]), DAY),
    "pandas, aware": (lambda: pd.Series([DAY.astimezone(RIYADH), None]), DAY),
    "pandas, zone": (lambda: pd.to_datetime(pd.Series([DAY, None])).dt.tz_convert("Asia/Riyadh"), DAY),
    "pandas, nanoseconds": (lambda: pd.Series([NAIVE, None], dtype="datetime64[ns]"), DAY),
    "pandas, seconds": (lambda: pd.Series([NAIVE, None], dtype="datetime64[s]"), DAY),
    "pandas, objects": (lambda: pd.Series([pd.Timestamp(DAY), None], dtype=object), DAY),
    "pandas, days": (lambda: pd.Series([date(2015, 7, 21), None]), datetime(2015, 7, 21, tzinfo=UTC)),
    "pandas, arrow": (lambda: pd.Series([NAIVE, None], dtype=pd.ArrowDtype(pa.timestamp("ns"))), DAY),
    "pandas, strings": (lambda: pd.Series(["الثلاثاء 21 يوليو 2015 09:08:56", None]), DAY),
    "pandas, epoch": (lambda: pd.Series([DAY.timestamp(), None]), DAY),
    "pandas, whole numbers": (lambda: pd.Series([int(DAY.timestamp() * 1000), None], dtype="Int64"), DAY),
    "polars, naive": (lambda: pl.Series([NAIVE, None]), DAY),
    "polars, zone": (lambda: pl.Series([DAY, None]).dt.convert_time_zone("Asia/Riyadh"), DAY),
    "polars, milliseconds": (lambda: pl.Series([NAIVE, None], dtype=pl.Datetime("ms")), DAY),
    "polars, nanoseconds": (lambda: pl.Series([NAIVE, None], dtype=pl.Datetime("ns")), DAY),
    "polars, days": (lambda: pl.Series([date(2015, 7, 21), None]), datetime(2015, 7, 21, tzinfo=UTC)),
    "polars, strings": (lambda: pl.Series([DAY.isoformat(), None]), DAY),
    "polars, epoch": (lambda: pl.Series([int(DAY.timestamp()), None]), DAY),
    "pyarrow, seconds": (lambda: pa.array([NAIVE, None], pa.timestamp("s")), DAY),
    "pyarrow, nanoseconds": (lambda: pa.array([NAIVE, None], pa.timestamp("ns")), DAY),
    "pyarrow, zone": (lambda: pa.array([DAY, None], pa.timestamp("us", "Asia/Riyadh")), DAY),
    "pyarrow, offset": (lambda: pa.array([DAY, None], pa.timestamp("us", "+03:00")), DAY),
    "pyarrow, days": (lambda: pa.array([date(2015, 7, 21), None]), datetime(2015, 7, 21, tzinfo=UTC)),
    "pyarrow, strings": (lambda: pa.array(["21/07/2015 09:08:56", None]), DAY),
}


def of_column(kind: str, name: str, column: Any, **others: list[Any]) -> Any:
    """A frame of the library that the kind begins with."""
    make = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}[kind.split(",")[0]]
    return make({name: column, **others})


@pytest.mark.parametrize("kind", DATES)
def test_dates_of_every_kind(kind: str) -> None:
    make, moment = DATES[kind]
    first, second = walked(of_column(kind, "التاريخ", make(), text=["نص", "نص"]))
    assert first.date == moment
    assert first.date.utcoffset() == timedelta()
    assert second.date is None


FAR: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.Series(np.array([2**62, DAY.timestamp() * 1000], np.int64).view("datetime64[ms]")),
    "pandas, zone": lambda: FAR["pandas"]().dt.tz_localize("UTC"),
    "pandas, arrow": lambda: pd.Series(FAR["pyarrow"](), dtype=pd.ArrowDtype(pa.timestamp("ms"))),
    "polars": lambda: pl.Series([2**62, int(DAY.timestamp() * 1000)]).cast(pl.Datetime("ms")),
    "polars, zone": lambda: FAR["polars"]().cast(pl.Datetime("ms", "Asia/Riyadh")),
    "polars, days": lambda: pl.Series([2**31 - 1, 16637], dtype=pl.Int32).cast(pl.Date),
    "pyarrow": lambda: pa.array([2**62, int(DAY.timestamp() * 1000)]).cast(pa.timestamp("ms")),
    "pyarrow, days": lambda: pa.array([2**31 - 1, 16637], pa.int32()).cast(pa.date32()),
}


@pytest.mark.parametrize("kind", FAR)
def test_dates_beyond_the_years_of_python_are_unreadable_and_end_nothing(kind: str) -> None:
    far, near = walked(of_column(kind, "date", FAR[kind](), text=["نص", "نص"]))
    assert far.date is None
    assert near.date.date() == DAY.date()


MISSING = [None, float("nan"), pd.NaT, pd.NA]


@pytest.mark.parametrize("missing", MISSING, ids=["None", "NaN", "NaT", "NA"])
def test_what_is_missing_is_absent_by_every_name(missing: Any) -> None:
    frame = pd.DataFrame({name: pd.Series(["x", missing], dtype=object) for name in NAMES})
    assert list(walked(frame))[1] == Article("")
    assert list(walked(pd.Series(["x", missing], dtype=object))) == ["x", ""]
    assert list(walked(np.array(["x", missing], dtype=object))) == ["x", ""]


def test_a_text_is_looked_for_in_all_its_columns() -> None:
    rows = [{"text": None, "summary": "موجز"}, {"text": "نص", "summary": "موجز"}, {"text": None, "summary": None}]
    for make in (pd.DataFrame, pl.DataFrame, table):
        assert [a.text for a in walked(make(rows))] == ["موجز", "نص", ""]


def test_numbers_as_ids_look_like_numbers() -> None:
    frame = pd.DataFrame({"id": [12, None, 14], "text": ["أ", "ب", "ج"]})
    assert frame["id"].dtype == "float64"
    assert [a.id for a in walked(frame)] == ["12", "", "14"]


CELLS = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@settings(max_examples=60)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(("id", "العنوان", "body", "رابط", "date"), CELLS)), max_size=8))
def test_all_libraries_agree_with_mappings(rows: list[dict[str, Any]]) -> None:
    wanted = [article_from({**row, "body": row["body"] or ""}) for row in rows]
    cells = {
        name: frame[name].to_pylist() if backend == "pyarrow" else list(frame[name]) for name in Assignment._fields
    }
    assert tuple(frame.column_names if backend == "pyarrow" else frame.columns) == Assignment._fields
    rows = zip(*map(missing_as_none, cells.values()), strict=True)
    found = [Assignment(*row[:-1], None if row[-1] is None else json.loads(row[-1])) for row in rows]
    assert tuple(found) == expected.assignments
    assert {a.relation for a in found} == {None, "exact", "copy", "contained", "story"}


@pytest.mark.parametrize("count", [0, 1, len(ROWS)])
def test_columns_of_a_result_have_the_same_kinds_however_many_rows(count: int) -> None:
    result = cluster(ROWS[:count])
    assert len(result.to_frame()) == count
    strings = [name for name in Assignment._fields if name not in ("representative", "score")]
    frame = result.to_frame()
    assert (str(frame["representative"].dtype), str(frame["score"].dtype)) == ("bool", "float64")
    assert {pd.api.types.is_string_dtype(frame[name].dtype) or frame[name].dtype == object for name in strings} == {
        True
    }
    schema = result.to_frame("polars").schema
    assert {schema[name] for name in strings} == {pl.String}
    assert (schema["representative"], schema["score"]) == (pl.Boolean, pl.Float64)
    arrow = result.to_frame("pyarrow").schema
    assert all(pa.types.is_string(arrow.field(name).type) for name in strings)
    assert (arrow.field("representative").type, arrow.field("score").type) == (pa.bool_(), pa.float64())


def test_from_a_frame_and_back_beside_it(expected: Clustering) -> None:
    source = pd.DataFrame(ROWS)
    joined = source.merge(cluster(source).to_frame(), on="id", validate="one_to_one")
    assert joined["story"].tolist() == expected.labels("story")
    kept = pl.DataFrame(ROWS).filter(cluster(pl.DataFrame(ROWS)).to_frame("polars")["representative"])
    assert kept["id"].to_list() == expected.representatives
    arrow = table(ROWS)
    wide = arrow.append_column("copy", cluster(arrow).to_frame("pyarrow")["copy"])
    assert wide["copy"].to_pylist() == expected.labels()


def test_a_result_goes_to_parquet_and_back(tmp_path: Path, expected: Clustering) -> None:
    import pyarrow.parquet

    expected.to_frame("polars").write_parquet(tmp_path / "out.parquet")
    back = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    assert back["story"].to_pylist() == expected.labels("story")
    assert back["score"].to_pylist() == [a.score for a in expected]


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_a_backend_that_is_not_installed_is_told_with_the_cure(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, backend, None)  # what import then finds is that there is none
    with pytest.raises(InputError, match=f"{backend} is not installed; cure: pip install {backend}"):
        cluster([], Settings(level="copy")).to_frame(backend)  # type: ignore[arg-type]


def test_other_backends_and_broken_ids_are_refused() -> None:
    with pytest.raises(InputError, match="'duckdb' is unknown; cure: one of pandas, polars, pyarrow"):
        cluster([]).to_frame("duckdb")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"half a character"):
        cluster([Article("نص", "x\ud800")]).to_frame("pyarrow")
