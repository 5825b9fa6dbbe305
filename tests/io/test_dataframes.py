"""Data frames in and out: what a row becomes, whatever the library, its kinds of columns and its words for "missing"."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from made import text_of
from places import DATA

from clusterer import Article, Clustering, InputError, Settings, StoryClusterer, StoryIndex, cluster, dedup
from clusterer.io import dataframes
from clusterer.io.columns import article_from
from clusterer.io.inputs import articles_from
from clusterer.results import Assignment

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

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
    monkeypatch.setattr(dataframes, "_BLOCK", 13)
    assert list(articles_from(KINDS[kind](ROWS))) == [article_from(row) for row in ROWS]


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


CELLS = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@settings(max_examples=60)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(("id", "العنوان", "body", "رابط", "date"), CELLS)), max_size=8))
def test_all_libraries_agree_with_mappings(rows: list[dict[str, Any]]) -> None:
    wanted = [article_from({**row, "body": row["body"] or ""}) for row in rows]
    columns = {name: [row[name] for row in rows] for name in ("id", "العنوان", "body", "رابط", "date")}
    assert list(articles_from(pd.DataFrame(columns))) == wanted
    assert list(articles_from(pd.DataFrame(columns, dtype="string"))) == wanted
    assert list(articles_from(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)))) == wanted
    assert list(articles_from(pa.table({k: pa.array(v, pa.string()) for k, v in columns.items()}))) == wanted


def test_columns_by_their_arabic_names() -> None:
    arabic = {
        "id": "المعرف",
        "source": "المصدر",
        "url": "الرابط",
        "date": "تاريخ النشر",
        "title": "العنوان",
        "content": "النص",
    }
    for make in (pd.DataFrame, pl.DataFrame, table):
        frame = make([{arabic[name]: value for name, value in row.items()} for row in ROWS])
        assert list(articles_from(frame)) == [article_from(row) for row in ROWS]


def test_names_of_columns_that_are_no_texts(expected: Clustering) -> None:
    named = pd.DataFrame(ROWS)
    tops = ["meta" if name in ("id", "source", "url", "date") else "body" for name in NAMES]
    levels = named.set_axis(pd.MultiIndex.from_tuples(list(zip(tops, NAMES, strict=True))), axis=1)
    assert cluster(levels).assignments == expected.assignments
    assert list(dedup(levels).kept.columns) == list(levels.columns)
    twice = named.assign(other="x").set_axis(
        pd.MultiIndex.from_tuples([*zip(tops, NAMES, strict=True), ("more", "id")]), axis=1
    )
    assert [a.id for a in cluster(twice, fields={"id": "meta.id", "text": "body.content"})] == [
        row["id"] for row in ROWS
    ]
    with pytest.raises(
        InputError, match=r"fields names \('body', 'content'\) for 'text'.*cure: fields=\{'text': 'content'\}"
    ):
        cluster(levels, fields={"text": ("body", "content")})
    numbered = named.set_axis(range(len(NAMES)), axis=1)
    fields = {name if name != "content" else "text": str(NAMES.index(name)) for name in NAMES}
    assert cluster(numbered, fields=fields).assignments == expected.assignments
    with pytest.raises(InputError, match="found columns: 0, 1, 2, 3"):
        cluster(numbered)


def test_columns_by_given_names(expected: Clustering) -> None:
    names = {"id": "k1", "source": "k2", "url": "k3", "date": "k4", "title": "k5", "content": "k6"}
    rows = [{names[name]: value for name, value in row.items()} for row in ROWS]
    fields = {("text" if name == "content" else name): column for name, column in names.items()}
    frames_of_them = (pd.DataFrame(rows), pl.DataFrame(rows), table(rows), pd.Series(rows), pl.Series(rows))
    for given_rows in (*frames_of_them, rows, tuple(rows), iter(rows), np.array(rows, dtype=object)):
        assert cluster(given_rows, fields=fields).assignments == expected.assignments
    frame = pd.DataFrame({"text": [text_of(1, 40)] * 2, "body": [text_of(2, 40), text_of(3, 40)]})
    assert len(cluster(frame).groups()) == 1
    assert len(cluster(frame, fields={"text": "body"}).groups()) == 2


def test_given_names_leave_texts_and_articles_alone() -> None:
    mixed = [text_of(1, 40), Article(text_of(1, 40)), {"b": text_of(1, 40)}]
    assert len(cluster(mixed, fields={"text": "b"}).groups()) == 1
    with pytest.warns(UserWarning, match=r"article 3: found columns: b"):
        cluster(mixed)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, table], ids=["pandas", "polars", "pyarrow"])
def test_a_frame_without_a_text_names_its_columns_and_the_cure(make: Callable[[Any], Any]) -> None:
    frame = make([{"colour": "red and blue and green", "الحجم": "5"}])
    with pytest.raises(
        InputError, match=r"data frame: found.*colour, الحجم; cure: rename a column, or .*{'text': 'colour'}\)"
    ):
        cluster(frame)
    with pytest.raises(InputError, match=r"no column 'nothing' \(given for title\); found columns: text; cure: fields"):
        cluster(make([{"text": "نص"}]), fields={"title": "nothing"})
    with pytest.raises(InputError, match=r"found columns: text; .*expected 'nothing'"):
        cluster(make([{"text": "نص"}]), fields={"text": "nothing"})
    with pytest.raises(InputError, match="field 'colour' is not one"):
        cluster(frame, fields={"colour": "colour"})
    with pytest.raises(InputError, match="field 'colour' is not one"):
        cluster([], fields={"colour": "colour"})


TEXTS = [text_of(1, 60), text_of(2, 60), text_of(1, 60), None, text_of(2, 58), None]
COLUMNS: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.Series(TEXTS),
    "pandas, labels": lambda: pd.Series(TEXTS, index=[3, 3, 1, 1, 2, 2], name="x"),
    "pandas, category": lambda: pd.Series(TEXTS, dtype="category"),
    "pandas, arrow": lambda: pd.Series(TEXTS, dtype=pd.ArrowDtype(pa.large_string())),
    "polars": lambda: pl.Series(TEXTS),
    "polars, category": lambda: pl.Series(TEXTS, dtype=pl.Categorical),
    "pyarrow": lambda: pa.array(TEXTS),
    "pyarrow, chunks": lambda: pa.chunked_array([TEXTS[:1], [], TEXTS[1:]], pa.string()),
    "pyarrow, dictionary": lambda: pa.array(TEXTS).dictionary_encode(),
    "numpy": lambda: np.array([text or "" for text in TEXTS]),
    "numpy, objects": lambda: np.array(TEXTS, dtype=object),
    "numpy, strings": lambda: np.array(TEXTS, dtype=np.dtypes.StringDType(na_object=None)),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_is_taken_as_texts(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataframes, "_BLOCK", 4)
    texts = [text or "" for text in TEXTS]
    assert [article.text for article in articles_from(COLUMNS[kind]())] == texts
    assert cluster(COLUMNS[kind]()).labels() == cluster(texts).labels()


def test_a_column_of_records_is_taken_as_mappings() -> None:
    assert cluster(pl.Series(ROWS)).assignments == cluster(ROWS).assignments
    assert cluster(pd.Series(ROWS)).assignments == cluster(ROWS).assignments


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pl.LazyFrame({"text": ["نص"]}), r"lazy frame.*\.collect\(\)"),
        (lambda: pd.DataFrame([["نص", "نص"]], columns=["text", "text"]), "unique column names.*rename"),
        (lambda: pd.DataFrame({"text": [4, 5]}), r"article 1: text \(column 'text'\) is a number.*fields"),
        (lambda: pl.Series([1, 2]), "article 1 is a int"),
        (lambda: np.ones(3), "article 1 is a float"),
        (lambda: np.array([["نص"], ["نص"]]), r"2 dimensions; cure: .*X\[:, 0\]"),
        (lambda: np.array("نص"), "0 dimensions"),
        (lambda: 5, "articles is a int"),
        (lambda: None, "articles is a NoneType"),
    ],
    ids=[
        "lazy",
        "two of a name",
        "texts that are numbers",
        "numbers",
        "array of numbers",
        "matrix",
        "point",
        "int",
        "None",
    ],
)
def test_what_is_no_frame_of_articles(
    make: Callable[[], Any], message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(dataframes, "_BLOCK", 4)
    with pytest.raises(InputError, match=message):
        cluster(make())
    with StoryIndex.open(tmp_path / "news.db") as index, pytest.raises(InputError, match=message):
        index.add(make())


def test_a_row_that_cannot_be_read_keeps_its_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dataframes, "_BLOCK", 4)
    frame = pd.DataFrame(ROWS).astype({"content": object})
    frame.loc[9, "content"], frame.loc[30, "content"] = "\0", 5
    with pytest.warns(UserWarning, match=r"2 articles have no readable text .*; article 10: NUL character in the text"):
        found = cluster(frame)
    rest = [row for place, row in enumerate(ROWS) if place not in (9, 30)]
    alone = [found.assignments[place] for place in (9, 30)]
    assert [a for a in found.assignments if a not in alone] == list(cluster(rest).assignments)
    assert [a.id for a in alone] == [a.story for a in alone] == [ROWS[9]["id"], ROWS[30]["id"]]
    with pytest.warns(UserWarning, match="2 articles"):
        assert {9, 30} <= set(dedup(frame).kept.index)
    with StoryIndex.open(tmp_path / "news.db") as index, pytest.raises(InputError, match="article 10: NUL"):
        index.add(frame)


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_no_rows_no_assignments(backend: str) -> None:
    make: dict[str, Callable[[Any], Any]] = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}
    assert len(cluster(make[backend]({"text": []}))) == 0
    assert len(cluster(make[backend]({}))) == 0
    with pytest.raises(InputError, match="no text"):
        cluster(make[backend]({"colour": []}))


def test_index_and_estimator_take_frames(tmp_path: Path, expected: Clustering) -> None:
    for n, make in enumerate((pd.DataFrame, pl.DataFrame, table)):
        with StoryIndex.open(tmp_path / f"{n}.db") as index, StoryIndex.open(tmp_path / f"{n}-rows.db") as other:
            assert index.add(make(ROWS)) == other.add(ROWS)
            assert index.query(make(ROWS[:3])) == other.query(ROWS[:3])
            assert index.update(make(ROWS[:3])).status == ("known",) * 3
        model = StoryClusterer().fit(make(ROWS))
        assert model.clustering_.assignments == expected.assignments
        assert len(model.labels_) == len(ROWS)


def test_lists_and_iterators_do_not_wait_for_narwhals() -> None:
    code = (
        "import sys; from clusterer import cluster; cluster([{'text': 'نص'}], fields={'text': 'text'}); "
        "cluster(x for x in ['نص']); assert 'narwhals' not in sys.modules; cluster({'نص'}); assert 'narwhals' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def missing_as_none(values: list[Any]) -> list[Any]:
    return [None if value is None or value != value else value for value in values]


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_a_result_as_a_frame_says_what_the_assignments_say(backend: str, expected: Clustering) -> None:
    frame = expected.to_frame(backend)  # type: ignore[arg-type]
    kind: Any = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.Table}[backend]
    assert isinstance(frame, kind)
    cells = {
        name: frame[name].to_pylist() if backend == "pyarrow" else list(frame[name]) for name in Assignment._fields
    }
    assert tuple(frame.column_names if backend == "pyarrow" else frame.columns) == Assignment._fields
    assert [e is None for e in missing_as_none(cells["evidence"])] == [a.evidence is None for a in expected]
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


def test_a_mapping_with_a_missing_value_of_pandas_is_a_mapping_without_it() -> None:
    rows = [
        {"text": text_of(1, 30), "source": pd.NA, "title": pd.NA, "date": pd.NaT},
        {"title": "عنوان", "text": pd.NA},
    ]
    assert [a.linked_to for a in cluster(rows)] == [None, None]
    assert cluster(rows).labels("copy") == cluster([{"text": text_of(1, 30)}, {"title": "عنوان", "text": ""}]).labels(
        "copy"
    )


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_what_stays_of_an_empty_frame_or_column_is_empty_and_of_its_kind(library: str) -> None:
    module = pytest.importorskip(library)
    make = module.table if library == "pyarrow" else module.DataFrame
    columns = ["id", "text"]
    frame = make({name: module.array([], "string") if library == "pyarrow" else [] for name in columns})
    series = frame.column("text") if library == "pyarrow" else frame["text"]
    for empty in (frame, series):
        found = dedup(empty)
        for part in (found.kept, found.removed_items):
            assert type(part) is type(empty)
            assert len(part) == 0
            if empty is frame:
                assert list(part.column_names if library == "pyarrow" else part.columns) == columns
