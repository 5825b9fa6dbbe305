"""Articles of one URL as versions of one: which URLs are one, what goes where, what stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import run

from clusterer import Article, InputError, cluster, dedup
from clusterer.versions import Versions, url_key

FIRST = "أعلنت هيئة الأرصاد الجوية اليوم أن أمطارا غزيرة ستهطل على المناطق الجنوبية والغربية خلال اليومين المقبلين ودعت إلى الحذر"
LAST = "لقي ثلاثة أشخاص مصرعهم في سيول جرفت سياراتهم فجر السبت بعد أمطار غزيرة على الجنوب وأغلقت السلطات المدارس والطرق الجبلية"
OTHER = (
    "وقع رئيس البلدية عقدا مع شركة محلية لإنشاء ثلاث حدائق عامة في الأحياء الشمالية بكلفة تبلغ خمسة ملايين وستبدأ قريبا"
)
URL = "https://www.example.org/news/1"
ARTICLES = [
    Article(FIRST, "first", url=URL, date="2016-04-17T08:00"),
    Article(LAST, "agency", url="https://other.example/7", date="2016-04-17T11:00"),
    Article(LAST, "last", url="http://example.org/news/1/amp?utm_source=x#top", date="2016-04-17T10:00"),
    Article(OTHER, "front", url="https://example.org/", date="2016-04-17T10:00"),
    Article(FIRST, "front-2", url="https://example.org/", date="2016-04-17T12:00"),
]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/news/1",
        "HTTPS://WWW.Example.org:443/news/1/",
        "//m.example.org/news/1#comments",
        "https://amp.example.org/news/1",
        "https://example.org/news/1/amp/",
        "https://example.org/news//1?amp=1",
        "https://example.org/news/1?fbclid=x&utm_medium=y&gclid=z",
        "https://example-org.cdn.ampproject.org/c/s/example.org/news/1",
        "https://www.google.com/amp/s/example.org/news/1",
        "example.org/news/1",
    ],
)
def test_one_article_has_one_key(url: str) -> None:
    assert url_key(url) == "example.org/news/1"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/news/1", "https://example.org/news/2"),
        ("https://example.org/?p=1", "https://example.org/?p=2"),
        ("https://sport.example.org/1", "https://example.org/1"),
        ("https://example.org/#!/1", "https://example.org/#!/2"),
        ("https://example.org/News", "https://example.org/news"),
    ],
)
def test_other_articles_have_other_keys(one: str, other: str) -> None:
    assert url_key(one) != url_key(other)


def test_letters_and_their_escapes_are_one_and_front_pages_none() -> None:
    assert url_key("https://example.org/خبر") == url_key("https://example.org/%D8%AE%D8%A8%D8%B1") != ""
    assert url_key("https://example.org/a?x=1&y=2") == url_key("https://example.org/a?y=2&x=1&ref=home")
    assert [
        url_key(url) for url in ("", "https://example.org", "https://example.org/?utm_source=x", "no url", "http://[x")
    ] == [""] * 5


def test_earlier_versions_go_where_the_latest_went() -> None:
    by_id = {a.id: a for a in cluster(ARTICLES, unique_url=True)}
    assert [by_id[name].copy for name in ("first", "agency", "last")] == [
        "first"
    ] * 3  # the earliest member names its group
    assert (by_id["first"].linked_to, by_id["first"].relation, by_id["first"].score) == ("last", "version", 1.0)
    assert (by_id["first"].exact, by_id["agency"].exact, by_id["last"].exact) == ("first", "last", "last")
    assert by_id["front-2"].copy == "front-2"  # no copy of an earlier version, and a front page is no article
    assert {a.id: a.copy for a in cluster(ARTICLES)}["front-2"] == "first"


def test_the_order_of_the_input_changes_nothing() -> None:
    def groups(articles: list[Article]) -> dict[str, tuple[str, str, str]]:
        return {a.id: (a.story, a.copy, a.exact) for a in cluster(articles, unique_url=True)}

    assert groups(ARTICLES) == groups(ARTICLES[::-1]) == groups(ARTICLES[2:] + ARTICLES[:2])


def test_ids_stay_unique_and_the_same_text_is_exact() -> None:
    articles = [Article(FIRST, url=URL, date=f"2016-04-1{day}") for day in range(3)]
    found = list(cluster(articles, unique_url=True))
    assert len({a.id for a in found}) == 3
    assert [a.relation for a in found] == ["exact", "exact", None]
    undated = cluster([Article(FIRST, "a", url=URL), Article(LAST, "b", url=URL)], unique_url=True)
    assert [a.linked_to for a in undated] == ["b", None]


def test_dedup_keeps_the_latest_version() -> None:
    result = dedup(ARTICLES, unique_url=True)
    assert result.kept_ids == ["last", "front", "front-2"]
    gone = {removal.id: removal for removal in result.removed}
    assert (gone["first"].kept, gone["first"].relation) == ("last", "version")
    assert 0 < gone["first"].words_lost < len(FIRST.split())
    assert result.stats["articles kept"] == 3


def test_all_articles_are_versions_or_grouped() -> None:
    versions = Versions.of(ARTICLES)
    assert (versions.latest, versions.count, versions.places) == ([2, 1, 2, 3, 4], 1, [1, 2, 3, 4])


def test_the_commands_know_versions(tmp_path: Path) -> None:
    rows = [{"id": a.id, "text": a.text, "url": a.url, "date": str(a.date)} for a in ARTICLES]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    options = ("--unique-url", "--pairs", "p.jsonl", "--with", "url", "--report", "r.html")
    ran = run("cluster", "a.jsonl", "-o", "c.jsonl", *options, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    found = [json.loads(line) for line in (tmp_path / "c.jsonl").read_text("utf-8").splitlines()]
    assert found[0]["relation"] == "version"
    assert [line["id"] for line in found] == [a.id for a in ARTICLES]
    pairs = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text("utf-8").splitlines()]
    assert {(pair["a_row"], pair["b_row"]) for pair in pairs if pair["relation"] == "exact"} == {(3, 2)}
    ran = run("dedup", "a.jsonl", "-o", "d.jsonl", "--removed", "gone.jsonl", "--unique-url", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    kept = [json.loads(line)["id"] for line in (tmp_path / "d.jsonl").read_text("utf-8").splitlines()]
    assert kept == ["last", "front", "front-2"]


def test_versions_stand_in_any_file_and_outputs_are_by_file(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    lines = [
        json.dumps({"id": a.id, "text": a.text, "url": a.url, "date": str(a.date)}, ensure_ascii=False) + "\n"
        for a in ARTICLES
    ]
    for name, some in (("a", lines[:1]), ("b", lines[1:2]), ("c", lines[2:])):
        (tmp_path / "in" / f"{name}.jsonl").write_text("".join(some), "utf-8")
    (tmp_path / "all.jsonl").write_text("".join(lines), "utf-8")
    ran = run("dedup", "in", "-o", "kept/", "--removed", "gone.jsonl", "--unique-url", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert not (tmp_path / "kept" / ".work").exists()
    assert [(tmp_path / "kept" / f"{name}.jsonl").read_text("utf-8") for name in "abc"] == ["", "", "".join(lines[2:])]
    assert {json.loads(line)["relation"] for line in (tmp_path / "gone.jsonl").open(encoding="utf-8")} >= {"version"}
    ran = run("cluster", "in", "-o", "joined.jsonl", "--join", "--unique-url", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    joined = [json.loads(line) for line in (tmp_path / "joined.jsonl").open(encoding="utf-8")]
    assert [(a["id"], a["copy"]) for a in joined] == [(a.id, a.copy) for a in cluster(ARTICLES, unique_url=True)]


def test_versions_are_not_told_against_others(tmp_path: Path) -> None:
    choices: list[dict[str, Any]] = [{"against": ARTICLES}, {"against": ARTICLES, "quote": 3}, {"quote": 3}]
    for options in choices:
        with pytest.raises(InputError, match="against"):
            dedup(ARTICLES, unique_url=True, **options)
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n', "utf-8")
    for said in (["--against", "b.jsonl"], ["--unit", "paragraph"]):
        ran = run("dedup", "a.jsonl", "-o", "d.jsonl", "--unique-url", *said, cwd=tmp_path)
        assert (ran.returncode, b"--unique-url" in ran.stderr) == (1, True)


def test_a_file_that_grows_before_it_is_grouped_is_told() -> None:
    versions = Versions.of(ARTICLES[:3])
    assert [a.id for a in versions.grouped(ARTICLES[2:3], 2)] == [ARTICLES[2].id]
    with pytest.raises(InputError, match="an input changed"):
        list(versions.grouped(ARTICLES))
