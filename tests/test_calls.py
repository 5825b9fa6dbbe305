"""Calls as users write them: each works, or is refused with value, rule and cure in Python's words."""

from __future__ import annotations

import io
import json
import pickle
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pytest
from made import text_of

import clusterer
from clusterer import (
    Article,
    ClustererError,
    InputError,
    Settings,
    SettingsError,
    StoryClusterer,
    StoryIndex,
    cluster,
    dedup,
    explain,
    read,
)
from clusterer.io import Feed

ROWS = [
    {"id": f"a{i}", "text": text_of(i % 3, 40) + " غدا" * (i > 2), "title": f"عنوان {i}"} for i in range(6)
]  # three texts, and each again with a word more
ROWS_AS_ARTICLES = [Article(row["text"], row["id"], row["title"]) for row in ROWS]


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "feed.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS), encoding="utf-8")
    return path


def ids(found: Any) -> list[str]:
    return [a.id for a in found]


@pytest.mark.parametrize(
    "call",
    [
        str,
        Path,
        lambda path: [path],
        lambda path: (str(path),),
        lambda path: path.parent,
        lambda path: f"{path.parent}/*.jsonl",
        lambda path: path.open(encoding="utf-8"),
        lambda path: path.open(encoding="latin-1"),
        lambda path: path.open("rb"),
        Feed,
        lambda path: list(Feed(path)),
        read,
    ],
    ids=[
        "str",
        "path",
        "paths",
        "strings",
        "folder",
        "glob",
        "text",
        "wrong encoding",
        "bytes",
        "feed",
        "rows",
        "read",
    ],
)
def test_files_are_read_however_they_are_named(feed: Path, call: Callable[[Path], Any]) -> None:
    found = cluster(call(feed))
    assert found.assignments == cluster(ROWS).assignments
    assert dedup(call(feed)).ids == tuple(ids(ROWS_AS_ARTICLES))
    assert explain(call(feed), "a0", "a3").level == "copy"


def partly_read(path: Path) -> Any:
    opened = path.open(encoding="utf-8")
    next(opened)
    return opened


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (partly_read, r"partly read.*cure: close it"),
        (lambda path: path.with_name("new").open("w"), r"open for writing; cure: close it"),
        (lambda path: io.StringIO(path.read_text("utf-8")), r"StringIO.*no file with a path; cure: write it to a file"),
        (lambda path: io.BytesIO(path.read_bytes()), r"BytesIO.*cure: write it to a file"),
        (lambda path: f"{path}x.jsonl", r"feed.jsonlx.jsonl"),
        (lambda path: path.with_name("none.csv"), r"none.csv"),
        (lambda path: [path, "a text"], r"article 2 is 'a text', and the first is the path"),
        (lambda path: [str(path), "نص خبر"], r"article 2 is .*, and the first is the path"),
        (lambda path: "نص خبر من دون ملف", r"one str; cure: a list of texts, or the path"),
        (lambda path: ROWS[0], r"one dict; cure: a list"),
        (lambda path: {"text": ["x", "y"]}, r"one dict; cure: a data frame of these columns"),
        (lambda path: {"train": pd.DataFrame(ROWS)}, r"cure: one of its values, for example articles\['train'\]"),
        (lambda path: [b"\xd9\x86"], r"article 1 is a bytes; cure: .*decode"),
        (lambda path: [("a", "نص")], r"article 1 is a tuple; cure: name its values"),
        (lambda path: pl.LazyFrame(ROWS), r"lazy frame.*cure: \.collect\(\) it"),
        (lambda path: pa.Table.from_pylist(ROWS).to_reader(), r"RecordBatchReader.*cure: \.read_all\(\) it"),
        (lambda path: pa.dataset.dataset(pa.Table.from_pylist(ROWS)), r"Dataset.*cure: \.to_table\(\) it"),
    ],
)
def test_what_is_no_articles_is_refused_with_a_cure(feed: Path, make: Callable[[Path], Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        cluster(make(feed))


def test_cures_of_lazy_things_work() -> None:
    table = pa.Table.from_pylist(ROWS)
    wanted = cluster(ROWS).assignments
    assert cluster(pl.LazyFrame(ROWS).collect()).assignments == wanted
    assert cluster(table.to_reader().read_all()).assignments == wanted
    assert cluster(pa.dataset.dataset(table).to_table()).assignments == wanted


def test_relations_of_duckdb_are_refused_with_a_cure_that_works() -> None:
    duckdb = pytest.importorskip("duckdb")
    table = pa.Table.from_pylist(ROWS)
    relation = duckdb.from_arrow(table)
    with pytest.raises(InputError, match=r"cure: \.df\(\) it"):
        cluster(relation)
    assert cluster(relation.df()).assignments == cluster(ROWS).assignments


def test_short_texts_are_no_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    assert len(cluster(["docs", "x.com", "a.b"])) == 3


def test_rows_that_files_lose_are_warned_of(feed: Path) -> None:
    with feed.open("a", encoding="utf-8") as out:
        out.write('{"id": "bad", "text": null}\n')
    with pytest.warns(UserWarning, match=r"1 bad row was left out; the first: .*line 7.*null.*on_bad=print"):
        assert len(cluster(feed)) == 6
    bad: list[Any] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(read(feed, on_bad=bad.append))) == 6
    assert [row.line for row in bad] == [7]


def test_errors_of_files_name_arguments_not_options(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("id,colour\n1,red\n2,blue\n")
    with pytest.raises(InputError, match=r"fields=\{'text': ") as error:
        cluster(path)
    assert "--" not in str(error.value)
    with pytest.raises(InputError, match=r"article 1: .*fields=\{'text': 'colour'\}"):
        cluster([{"colour": "red and blue and green"}])


def test_missing_rows_and_unreadable_dates_are_told() -> None:
    rows = [*ROWS, None, {**ROWS[0], "id": "late", "date": "garbage"}]
    with pytest.warns(UserWarning, match="cannot be read") as told:
        found = cluster(row for row in rows)
    said = [str(one.message) for one in told]
    assert any("1 article has no readable text and groups with nothing; article 7 is None" in one for one in said)
    assert any("1 date cannot be read; the first: 'garbage'; cure: datetime values" in one for one in said)
    assert len(found) == len(rows)
    with pytest.raises(InputError, match="article 2 is a NoneType"):
        cluster(["a text", None])


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, "nan"])
def test_one_null_text_does_not_fail_a_batch(nothing: Any, tmp_path: Path) -> None:
    rows = [*ROWS, {"id": "empty", "text": nothing, "title": None}]
    with pytest.warns(UserWarning, match=r"1 article has no readable text and groups with nothing; article 7: text"):
        found = cluster(rows)
    assert ids(found) == [*ids(ROWS_AS_ARTICLES), "empty"]
    assert found.assignments[:6] == cluster(ROWS).assignments
    with pytest.warns(UserWarning, match="article 7"):
        assert len(cluster(row for row in rows)) == 7
    with pytest.raises(InputError, match="article 1: text"):
        cluster([rows[-1]])
    with StoryIndex.open(tmp_path / "i.db") as index, pytest.raises(InputError, match="article 7"):
        index.add(rows)  # an update would put nothing in place of a text


@pytest.mark.parametrize("settings", [{"level": "copy"}, Settings(level="copy")])
def test_settings_are_a_dict_or_names(settings: Any, tmp_path: Path) -> None:
    wanted = cluster(ROWS, Settings(level="copy"))
    assert cluster(ROWS, settings) == cluster(ROWS, level="copy") == wanted
    assert cluster(ROWS, {"level": "exact"}, level="copy") == wanted
    assert explain(ROWS, "a0", "a3", settings).level == "copy"
    assert dedup(ROWS, settings).kept_ids == dedup(ROWS).kept_ids
    with StoryIndex.open(tmp_path / "index.db", settings) as index:
        assert index.settings.level == "copy"


def test_a_file_of_settings_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('jaccard = 0.6\nlevel = "exact"\n')
    for given in (path, str(path)):
        assert cluster(ROWS, given) == cluster(ROWS, jaccard=0.6, level="exact")
    assert dedup(ROWS, str(path), level="copy").kept_ids == dedup(ROWS, jaccard=0.6).kept_ids
    with pytest.raises(InputError, match=r"none\.toml: cannot be read .*; cure: a TOML file in UTF-8"):
        cluster(ROWS, "none.toml")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cluster(ROWS, 0.7), r"settings is 0.7; it must be Settings or a dict; cure: .*Settings\(jaccard"),  # type: ignore[arg-type]
        (lambda: cluster(ROWS, {"jacard": 0.5}), r"'jacard' is no setting; cure: did you mean 'jaccard'"),
        (lambda: cluster(ROWS, jacard=0.5), r"'jacard' is no setting; cure: did you mean 'jaccard'"),
        (
            lambda: cluster(ROWS, timezone="Asia/Riyadh"),
            r"'timezone' is no setting; cure: .*read\(PATH, timezone=.*tz_localize",
        ),
        (lambda: cluster(ROWS, "mine"), r"'mine' is no preset; cure: one of news, .*or a \.toml file"),
        (lambda: cluster(ROWS, {1: 0.5}), r"1 is no setting"),  # type: ignore[dict-item]
        (lambda: cluster(ROWS, level=None), r"level is None; use one of exact"),
        (lambda: Settings(jacard=0.5), r"did you mean 'jaccard'"),  # type: ignore[call-arg]
        (lambda: StoryClusterer(jacard=0.5), r"did you mean 'jaccard'"),  # type: ignore[call-arg]
    ],
)
def test_settings_that_are_none_are_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        call()


def test_settings_keep_their_signature_and_are_pickled() -> None:
    import inspect

    assert list(inspect.signature(Settings).parameters) == list(Settings().as_dict())
    assert list(inspect.signature(StoryClusterer).parameters) == list(Settings().as_dict())
    assert pickle.loads(pickle.dumps(Settings(jaccard=0.6))) == Settings(jaccard=0.6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cluster(ROWS, fields="text"), r"fields is 'text'; it must be a dict.*cure: fields=\{'text': 'text'\}"),
        (lambda: cluster(pd.DataFrame(ROWS), fields="text"), r"fields is 'text'"),
        (lambda: Feed("x", fields=["text"]), r"fields is \['text'\]"),
        (lambda: cluster(ROWS, progress=3), r"progress is 3; .*cure: progress=True"),
        (lambda: cluster(ROWS).labels("event"), r"'event' is not one of exact, copy, story; cure"),
        (lambda: cluster(ROWS)["x"], r"no article 'x' among 6; cure: an id such as 'a0'"),
        (lambda: cluster(ROWS)[6], r"no article at 6; cure: a place from 0 to 5"),
        (lambda: cluster(ROWS).to_csv("x"), r"no 'to_csv'; cure: \.to_frame\(\)"),
        (lambda: explain(ROWS, 0, 1), r"no article 0 among 6; cure: an id .*'a0', not the number of a row"),
        (lambda: explain(ROWS, "a0"), r"articles is a list, which is no article, and b is not given; cure: explain\("),
        (lambda: explain(ROWS[0], ROWS[1], "a"), r"a is a dict, and b is given; cure"),
        (lambda: StoryClusterer().labels_, r"not there before fit; cure: fit"),
        (lambda: StoryClusterer().predict(ROWS), r"no 'predict'.*cure: fit_predict"),
        (lambda: Article(id="x"), r"text is None; it must be a str; cure: Article"),
        (lambda: Article(3), r"text is 3; it must be a str"),
        (lambda: Article("x", title=3), r"title is 3; it must be a str"),
        (lambda: Article("x", date="غدا"), r"date is 'غدا'; it must be a datetime, or a text.*cure"),
        (lambda: Article("x", date=20250101), r"date is 20250101"),
    ],
)
def test_wrong_calls_name_value_rule_and_cure(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ClustererError, match=message):
        call()


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("2025-01-01", datetime(2025, 1, 1, tzinfo=UTC)),
        ("2025-01-01T10:00:00+03:00", datetime(2025, 1, 1, 7, tzinfo=UTC)),
        ("20160417T103000Z", datetime(2016, 4, 17, 10, 30, tzinfo=UTC)),
        (date(2025, 1, 1), datetime(2025, 1, 1, tzinfo=UTC)),
        (pd.Timestamp("2025-01-01", tz="UTC"), datetime(2025, 1, 1, tzinfo=UTC)),
        (pd.NaT, None),
        ("", None),
    ],
)
def test_dates_of_articles_are_points_in_time(given: Any, wanted: datetime | None) -> None:
    assert Article("نص", date=given).date == wanted
    assert cluster([Article("نص", date=given)]).stats["undated"] == (wanted is None)


def test_values_of_articles_are_texts() -> None:
    article = Article(np.str_("نص"), id=7, title=None)  # type: ignore[arg-type]
    assert (type(article.text), article.id, article.title) == (str, "7", "")


def test_progress_true_tells_stages_once(capsys: pytest.CaptureFixture[str]) -> None:
    cluster(ROWS, progress=True)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("clusterer: reading ...\n") == 1
    cluster(ROWS, progress=False)
    assert capsys.readouterr().err == ""


def test_an_index_with_a_name_is_a_column() -> None:
    frame = pd.DataFrame(ROWS)
    wanted = cluster(frame).assignments
    assert cluster(frame.set_index("id")).assignments == wanted
    assert cluster(frame.set_index(["id", "title"])).assignments == wanted
    assert cluster(frame.set_index("id", drop=False)).assignments == wanted
    assert cluster(frame.set_index(pd.Index([f"x{i}" for i in range(6)]))).assignments == wanted


def test_a_result_is_shown_in_few_lines_and_walked_by_place_and_id() -> None:
    for found in (cluster(ROWS), cluster([]), cluster([ROWS[0]])):
        assert len(repr(found).splitlines()) <= 5
        assert len(repr(found)) < 400
    found = cluster(ROWS)
    assert "6 articles" in repr(found)
    assert "3 by copy" in repr(found)
    assert found[0] == found["a0"] == found.assignments[0]
    assert found[-1].id == "a5"
    assert not hasattr(found, "to_csv")
    assert pickle.loads(pickle.dumps(found)) == found


def test_two_articles_are_explained_as_they_are() -> None:
    for pair in ((ROWS[0], ROWS[3]), (ROWS[0]["text"], ROWS[3]["text"]), ROWS_AS_ARTICLES[0:4:3]):
        assert explain(*pair).level == "copy"
    assert explain([{"id": 1, "text": text_of(1, 40)}, {"id": 2, "text": text_of(1, 40)}], 1, 2).level == "exact"


def test_an_index_expires_by_ages_and_sizes_as_texts(tmp_path: Path) -> None:
    old, new = datetime.now(UTC) - timedelta(days=9), datetime.now(UTC)
    with StoryIndex.open(tmp_path / "index.db") as index:
        index.add([Article(text_of(1, 40), "old", date=old), Article(text_of(2, 40), "new", date=new)])
        assert index.expire("10d").articles == 0
        assert index.expire("7d").articles == 1
        assert index.expire(max_bytes="2GB").articles == 0
        for call, message in (
            (lambda: index.expire("soon"), r"'soon' is neither an age such as 12h"),
            (lambda: index.expire(7), r"older_than is 7; it must be an age or a date; cure: '7d'"),  # type: ignore[arg-type]
            (lambda: index.expire(max_bytes="much"), r"'much' is no size such as 500MB"),
            (lambda: index.expire(max_articles="5"), r"max_articles is '5'; it must be a whole number"),  # type: ignore[arg-type]
        ):
            with pytest.raises(InputError, match=message):
                call()
        assert ids(index.add(str(_file(tmp_path)))) == ids(ROWS_AS_ARTICLES)


def _file(folder: Path) -> Path:
    path = folder / "more.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def test_read_is_a_public_name() -> None:
    assert clusterer.read is clusterer.io.read
    assert "read" in clusterer.__all__
