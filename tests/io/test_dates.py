"""Dates as feeds write them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any

import pytest
from feed_forms import MOMENT, read
from hijridate import Gregorian
from hypothesis import example, given, settings, strategies as st

from clusterer.arrays.utf8 import utf8_of
from clusterer.articles import Article
from clusterer.errors import InputError
from clusterer.io.columns import article_from
from clusterer.io.dates import parse_date, zone_from
from clusterer.io.feed import Feed
from clusterer.io.iso_dates import iso_seconds
from clusterer.io.rows import UnreadableDate


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        *[
            (value, MOMENT)
            for value in (
                "2015-07-23 10:20:30", "2015-07-23T10:20:30", "2015-07-23T10:20:30Z", "2015-07-23T13:20:30+03:00",
                "2015-07-23T13:20:30+0300", "2015-07-23 13:20:30 +0300", "2015-07-23T10:20:30.000", "20150723102030",
                "2015/07/23 10:20:30", "2015-07-23 10:20:30 UTC", " 2015-07-23 10:20:30\n",
                "Thu, 23 Jul 2015 13:20:30 +0300", "Thu, 23 Jul 2015 10:20:30 GMT", "23 Jul 2015 10:20:30 GMT",
                "Thu Jul 23 10:20:30 2015", "July 23, 2015 10:20:30 AM", "1437646830", "1437646830000", 1437646830,
                1437646830.0, 1437646830000, 1437646830000000, 1437646830000000000, "1437646830.0", MOMENT,
                datetime(2015, 7, 23, 10, 20, 30), MOMENT.astimezone(timezone(timedelta(hours=3))),
                {"$date": "2015-07-23T10:20:30Z"}, b"2015-07-23 10:20:30",
                "٢٠١٥-٠٧-٢٣ ١٠:٢٠:٣٠", "۲۰۱۵/۰۷/۲۳ ۱۰:۲۰:۳۰", "23/07/2015 10:20:30",
                "23/07/2015 13:20:30 +0300",
                "23/07/2015 08:20:30 GMT-2", "23-7-2015 10:20:30 ص",
                "\u200f23\u200f/\u200f07\u200f/\u200f2015 10:20:30 ص", "الخميس ٢٣ يوليو ٢٠١٥، ١٠:٢٠:٣٠ صباحاً",
            )
        ],
        *[
            (value, datetime(2015, 7, 23, tzinfo=UTC))
            for value in (
                "2015-07-23", "20150723", 20150723, date(2015, 7, 23), "23/7/2015", "7/23/2015", "23.07.2015",
                "2015.7.23", "23 يوليو 2015", "الخميس 23 تموز 2015", "الخميس، 23 تموز (يوليو) 2015م",
                "23/7/15", "7/23/15", "٢٣/٧/١٥", "23-Jul-15", "23-Jul-2015", "23-يوليو-15", "23-تموز-15", "7/23/2015",
                "٢٣ يوليو/تموز ٢٠١٥", "23 جويلية 2015", "23 يوليوز 2015", "23 يولـيو 2015 م", "July 23, 2015",
                "7 شوال 1436هـ", "07/10/1436 هـ", "1436/10/07", "7 شوال 1436", "شوال 7 1436", "1436-10-07",
                "23/07/2015 - 07/10/1436", "الخميس 7 شوال 1436 هـ - 23 يوليو 2015 م", "23 يوليو 2015 (7 شوال 1436)",
                "23.07.15", "23-07-15", "الخميس 23/07/15", "23 juillet 2015",
                "الخميس 7 شوال 1436هـ الموافق 23 يوليو 2015م", "23/07/2015م الموافق 07/10/1436هـ",
            )
        ],
        *[
            (value, datetime(2015, 7, 23, 8, 15, tzinfo=UTC))
            for value in (
                "23/07/2015 - 08.15", "23.07.2015 08.15", "الخميس 23/07/15 08:15", "20150723T081500Z", "20150723T0815",
                "20150723 081500", "Thu, 23 Jul 15 08:15:00 GMT", "23 Jul 2015 11:15 GMT+0300", "Thu, 23 Jul 2015 11:15:00 AST",
                "2015-07-23 12:15 +04:00", "23 يوليو 2015 - 10:15 بتوقيت القاهرة", "7 شوال 1436 8:15 ص",
                "23 juillet 2015 à 08h15", "23 يوليو 2015 | 08:15", "2015-07-23 08.15", "201507230815",
                "Thu Jul 23 2015 11:15:00 GMT+0300 (Arabian Standard Time)", "2015-07-23 11:15 بتوقيت مكة المكرمة",
            )
        ],
        ("5-كانون الثاني-15", datetime(2015, 1, 5, tzinfo=UTC)),
        ("1/2/68", datetime(2068, 2, 1, tzinfo=UTC)),
        ("1/2/70 3:30 PM", datetime(1970, 2, 1, 15, 30, tzinfo=UTC)),
        ("5 كانون الثاني 2015", datetime(2015, 1, 5, tzinfo=UTC)),
        ("5 كانون الأول 2015", datetime(2015, 12, 5, tzinfo=UTC)),
        ("5 يناير/كانون الثاني 2015", datetime(2015, 1, 5, tzinfo=UTC)),
        ("5 تشرين الثاني/نوفمبر 2015", datetime(2015, 11, 5, tzinfo=UTC)),
        ("23 يوليو 2015 24:00", datetime(2015, 7, 24, tzinfo=UTC)),
        ("5 janv. 2015", datetime(2015, 1, 5, tzinfo=UTC)),
        ("5 كانون ثاني 2015", datetime(2015, 1, 5, tzinfo=UTC)),
        ("5 تشرين ثاني 2015 8 مساء", datetime(2015, 11, 5, 20, tzinfo=UTC)),
        ("5 تشرين الاول 2015", datetime(2015, 10, 5, tzinfo=UTC)),
        ("5 آب (أغسطس) 2015", datetime(2015, 8, 5, tzinfo=UTC)),
        ("5 اب 2015", datetime(2015, 8, 5, tzinfo=UTC)),
        ("5 أيار 2015 الساعة 3:30 م", datetime(2015, 5, 5, 15, 30, tzinfo=UTC)),
        ("5 ايار 2015 12:30 ص", datetime(2015, 5, 5, 0, 30, tzinfo=UTC)),
        ("5 ايار 2015 12:30 مساءً", datetime(2015, 5, 5, 12, 30, tzinfo=UTC)),
        *[
            (value, None)
            for value in (
                None, "", "  ", "أمس", "منذ 3 ساعات", "2015", "2015-07", "2015-13-01", "31/02/2015", "x" * 10**6, True,
                0, -1, 2015, 1e30, float("nan"), float("inf"), 10**400, [], {}, object(), "1969-12-31", "2101-01-01",
                "0001-01-01T00:00:00+14:00",
                "9999-12-31T23:59:59-14:00", "5 يناير/فبراير 2015", "9" * 150, "5 مارسيليا 2015",
                "13/13/15", "1/2/69", "1/2/15/6", "11-رمضان-36", "31-Feb-15", "11-May", 42471, "42471",
            )
        ],
    ],
)  # fmt: skip
def test_dates(written: Any, expected: datetime | None) -> None:
    found = parse_date(written)
    assert found == expected
    assert found is None or found.tzinfo is UTC


NOW = datetime(2025, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        *[(value, NOW - timedelta(hours=2)) for value in ("منذ ساعتين", "قبل ساعتين", "منذ 2 ساعة", "2 hours ago")],
        *[(value, NOW - timedelta(days=3)) for value in ("منذ ٣ أيام", "قبل ثلاثة أيام", "3 days ago", "il y a 3 jours")],
        ("قبل 5 دقائق", NOW - timedelta(minutes=5)),
        ("منذ أسبوع", NOW - timedelta(weeks=1)),
        ("الآن", NOW),
        ("أمس", datetime(2025, 3, 1, tzinfo=UTC)),
        ("yesterday", datetime(2025, 3, 1, tzinfo=UTC)),
        ("أول أمس", datetime(2025, 2, 28, tzinfo=UTC)),
        ("أمس 10:30", datetime(2025, 3, 1, 10, 30, tzinfo=UTC)),
        ("اليوم، 08:15 ص", datetime(2025, 3, 2, 8, 15, tzinfo=UTC)),
        ("منذ زمن", None),
    ],
)  # fmt: skip
def test_dates_told_from_the_day_of_reading(written: str, expected: datetime | None) -> None:
    assert parse_date(written) is None
    assert parse_date(written, now=NOW) == expected
    assert parse_date(f"2 فبراير 2020 ({written})", now=NOW).date() == date(2020, 2, 2)


def test_a_row_knows_when_it_was_fetched(tmp_path: Path) -> None:
    rows = [{"text": "x", "date": "منذ ساعتين", "scraped_at": "2025-03-02T12:00:00Z"}, {"text": "y", "date": "أمس"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    two = NOW - timedelta(hours=2)
    assert [row.article.date for row in Feed(tmp_path / "a.jsonl")] == [two, None]
    feed = Feed(tmp_path / "a.jsonl", now="2025-03-05T12:00")
    assert [row.article.date for row in feed] == [two, datetime(2025, 3, 4, tzinfo=UTC)]
    with pytest.raises(InputError, match="now 'soon' is no date; cure"):
        Feed(tmp_path / "a.jsonl", now="soon")


def test_clocks_without_a_zone_are_of_the_one_that_is_given(tmp_path: Path) -> None:
    rows = {
        "2025-03-04 09:30": "2025-03-04T06:30", "4/3/2025 9:30 ص": "2025-03-04T06:30", "2025-03-04T09:30Z": "2025-03-04T09:30",
        "2025-03-04": "2025-03-04T00:00", "1741080600": "2025-03-04T09:30", "20250304093000": "2025-03-04T06:30",
    }  # fmt: skip
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": "x", "date": value}) + "\n" for value in rows))
    for zone in ("Asia/Riyadh", "+03:00", timezone(timedelta(hours=3))):
        dates = [row.article.date for row in Feed(tmp_path / "a.jsonl", timezone=zone)]
        assert dates == [datetime.fromisoformat(value).replace(tzinfo=UTC) for value in rows.values()], zone
    with pytest.raises(InputError, match=r"timezone 'Riyadh' is not known; cure: did you mean 'Asia/Riyadh'\? a name"):
        Feed(tmp_path / "a.jsonl", timezone="Riyadh")
    for name, meant in {
        "Africa/Rabat": "Africa/Casablanca",
        "abu dhabi": "Asia/Dubai",
        "Asia/Bagdad": "Asia/Baghdad",
    }.items():
        with pytest.raises(InputError, match=f"cure: did you mean '{meant}'"):
            Feed(tmp_path / "a.jsonl", timezone=name)
    for name in ("GMT+3:", "nowhere"):  # Etc/GMT+3 is three hours behind Greenwich
        with pytest.raises(InputError, match=r"is not known; cure: a name such as Asia/Riyadh .*\+03:00"):
            Feed(tmp_path / "a.jsonl", timezone=name)
    assert Article("x", date=NOW).when == "2025-03-02 12:00 UTC"


@given(st.dates(date(2000, 1, 1), date(2070, 1, 1)))
@settings(max_examples=60, deadline=None)
def test_hijri_days_come_back(day: date) -> None:
    hijri = Gregorian(day.year, day.month, day.day).to_hijri()
    for written in (f"{hijri.day}/{hijri.month}/{hijri.year}", f"{hijri.day} {hijri.month_name('ar')} {hijri.year} هـ"):
        assert parse_date(written) == datetime(day.year, day.month, day.day, tzinfo=UTC), written


def test_all_month_names_of_both_traditions() -> None:
    east = "كانون الثاني|شباط|آذار|نيسان|أيار|حزيران|تموز|آب|أيلول|تشرين الأول|تشرين الثاني|كانون الأول"
    west = "يناير|فبراير|مارس|أبريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر"
    for names in (east, west, east.replace("آ", "ا").replace("أ", "ا"), west.replace("أ", "إ")):
        for month, name in enumerate(names.split("|"), 1):
            assert parse_date(f"الأحد 9 {name} 2016") == datetime(2016, month, 9, tzinfo=UTC), name


DATE_PIECES = st.sampled_from(
    ["2015", "07", "23", "-", "/", ":", " ", "T", "+", "Z", "٢", "۳", "م", "ص", "هـ", "يوليو", "كانون", "Thu", "Jul",
     ",",
     "GMT", ".", "الموافق", "(", "\0", "99999999999", "²", "𞣇"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(DATE_PIECES, max_size=14).map("".join), st.floats(), st.integers(), st.binary()))
@example("2015-07-23T10:20:30+99:99")
@example("Thu, 99 Jul 2015 99:99:99 +9999")
@example("1 jan 2015 0")
@settings(max_examples=1500, deadline=None)
def test_dates_never_raise(written: Any) -> None:
    found = parse_date(written)
    assert found is None or (found.tzinfo is UTC and 1970 <= found.year <= 2100)


@given(st.datetimes(datetime(1971, 1, 1), datetime(2099, 12, 31), timezones=st.timezones()))
@settings(max_examples=200, deadline=None)
def test_iso_dates_keep_their_moment(moment: datetime) -> None:
    assert parse_date(moment.isoformat()) == moment.astimezone(UTC)


ISO = st.one_of(
    st.from_regex(
        r"(?:19[67]\d|20\d\d|2[01]00)-[01]\d-[0-3]\d(?:[T ][0-2]\d:[0-6]\d:[0-6]\d(?:Z|[+-][01]\d:[0-6]\d)?)?",
        fullmatch=True,
    ),
    st.datetimes(datetime(1969, 12, 30), datetime(2100, 1, 2), timezones=st.timezones()).map(datetime.isoformat),
    st.sampled_from(["", "2024-05-01T10:00:00z", "2024-05-01T10:00:00.5", "2024-05-01T10:00:0a", "٢٠٢٤-٠٥-٠١", "0000-00-0"]),
)  # fmt: skip


@given(st.lists(ISO, max_size=8), st.sampled_from([None, zone_from("Asia/Riyadh")]))
def test_iso_dates_read_together_are_those_read_one_by_one(written: list[str], zone: tzinfo | None) -> None:
    seconds, found = iso_seconds(utf8_of(written), zone is not None)
    for value, moment, is_read in zip(written, seconds.tolist(), found.tolist(), strict=True):
        if is_read:
            one = parse_date(value, serials=True, zone=zone)
            assert one is not None
            assert (one.timestamp(), one.year > 1970) == (moment, True)


def test_iso_dates_of_usual_forms_are_read_together() -> None:
    usual = [
        "2024-05-01",
        "2024-02-29T23:59:59",
        "2024-05-01 10:00:00",
        "2024-05-01T10:00:00Z",
        "2024-05-01T10:00:00-03:30",
    ]
    assert iso_seconds(utf8_of(usual), False)[1].all()


def test_serial_days_of_excel_are_read_in_columns_only() -> None:
    for written, expected in {
        "42208": datetime(2015, 7, 23, tzinfo=UTC),
        "42208.5": datetime(2015, 7, 23, 12, tzinfo=UTC),
        "٤٢٢٠٨.43090277778": MOMENT,
        42208.430902778: MOMENT,
        42208: datetime(2015, 7, 23, tzinfo=UTC),
        "60000": datetime(2064, 4, 8, tzinfo=UTC),
        "25568": None,  # 1969
        "60001": None,
        2015: None,
    }.items():
        assert article_from({"text": "x", "date": written}).date == expected, written
    assert parse_date("42208") is None  # whoever deletes what is older than 42208 means no date


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["04/11/2016", "04/16/2016"], ["04-11", "04-16"]),  # the second can only be month first
        (["04/11/2016 3:30 PM", "4/16/16 3:30 PM"], ["04-11", "04-16"]),
        (["٠٤/١١/٢٠١٦", "٠٤/١٦/٢٠١٦"], ["04-11", "04-16"]),
        (["04/11/2016", "16/04/2016"], ["11-04", "04-16"]),
        (["04/11/2016", "05/12/2016"], ["11-04", "12-05"]),  # nothing tells: day first
        (["04/11/2016", "04/16/2016", "16/04/2016"], ["11-04", "04-16", "04-16"]),  # both: day first
        (["04/11/2016", "2016-04-16", "99/99/2016"], ["11-04", "04-16", None]),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_column_of_dates_is_read_in_one_order(
    dates: list[str], expected: list[str], delimiter: str, tmp_path: Path
) -> None:
    lines = "".join(f"نص{delimiter}{date}\r\n" for date in dates)
    (tmp_path / "a.csv").write_text(f"text{delimiter}date\r\n{lines}", encoding="utf-8-sig")
    (tmp_path / "b.csv").write_text("text,date\nx,04/11/2016\n")  # the next file is not bound by it
    (tmp_path / "c.jsonl").write_text('{"text": "x", "date": "04/11/2016"}')
    found = [article.date and f"{article.date:%m-%d}" for article in read(tmp_path)[0]]
    assert found == [*expected, "11-04", "11-04"]


def test_the_order_of_dates_is_told_by_whole_rows_only(tmp_path: Path) -> None:
    rows = "1,04/11/2016\n" * 40_000
    (tmp_path / "a.csv").write_text(f'text,date\n"open,04/16/2016\n{rows}x,04/17/2016\n')
    articles, bad = read(tmp_path / "a.csv")
    assert [b.line for b in bad] == [2]
    assert {a.date for a in articles[:-1]} == {datetime(2016, 11, 4, tzinfo=UTC)}  # the tell is far behind the head


def test_unreadable_dates_are_counted(tmp_path: Path) -> None:
    values = ["2015-07-23", "أمس", "", None, "٧ شوال", 0, [], ["2015"], "  ", "9999-99-99", float("1e300")]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": "x", "date": v}) + "\n" for v in values))
    feed = Feed(tmp_path / "a.jsonl")
    assert [row.article.date is not None for row in feed] == [True] + [False] * 10
    assert feed.unreadable_dates == 5
    list(feed)
    assert feed.unreadable_dates == 5


def test_the_first_unreadable_date_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,date\nx,2016-04-11\n,\nx,\nx,أمس\nx,قبل يوم\n", encoding="utf-8")
    feed = Feed(tmp_path / "a.csv")
    for _ in range(2):
        walk = iter(feed)
        next(walk)
        assert feed.first_unreadable_date is None
        list(walk)
        assert feed.first_unreadable_date == UnreadableDate(str(tmp_path / "a.csv"), 5, "أمس")
        assert (feed.unreadable_dates, feed.blank_rows) == (2, 1)
