"""Cells of data frames: dates of every kind, and every library's words for "missing"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from clusterer import Article
from clusterer.io.inputs import articles_from

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

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
    first, second = articles_from(of_column(kind, "التاريخ", make(), text=["نص", "نص"]))
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
    far, near = articles_from(of_column(kind, "date", FAR[kind](), text=["نص", "نص"]))
    assert far.date is None
    assert near.date.date() == DAY.date()


def test_a_cell_that_has_no_form_in_python_is_absent_from_other_columns_too() -> None:
    (far, near) = articles_from(of_column("pyarrow", "id", FAR["pyarrow"](), text=["نص", "نص"]))
    assert far == Article("نص")
    assert near.id.startswith("2015-07-21 09:08:56")


MISSING = [None, float("nan"), pd.NaT, pd.NA]


@pytest.mark.parametrize("missing", MISSING, ids=["None", "NaN", "NaT", "NA"])
def test_what_is_missing_is_absent_by_every_name(missing: Any) -> None:
    names = ("id", "title", "content", "source", "url", "date")
    frame = pd.DataFrame({name: pd.Series(["x", missing], dtype=object) for name in names})
    assert list(articles_from(frame))[1] == Article("")
    assert list(articles_from(pd.Series(["x", missing], dtype=object))) == [Article("x"), Article("")]
    assert list(articles_from(np.array(["x", missing], dtype=object))) == [Article("x"), Article("")]


def test_a_text_is_looked_for_in_all_its_columns() -> None:
    rows = [{"text": None, "summary": "موجز"}, {"text": "نص", "summary": "موجز"}, {"text": None, "summary": None}]
    for make in (pd.DataFrame, pl.DataFrame, pa.Table.from_pylist):
        assert [a.text for a in articles_from(make(rows))] == ["موجز", "نص", ""]


def test_numbers_as_ids_look_like_numbers() -> None:
    frame = pd.DataFrame({"id": [12, None, 14], "text": ["أ", "ب", "ج"]})
    assert frame["id"].dtype == "float64"
    assert [a.id for a in articles_from(frame)] == ["12", "", "14"]
