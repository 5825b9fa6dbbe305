"""`clusterer index query`, `stories` and `show`."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from index_commands import (
    BAD,
    DATES,
    FIELDS,
    IDS,
    LINES,
    SAMPLE,
    STORY,
    ask,
    made,
    refused,
    rows,
    run,
    sound,
    strangers,
    write,
)
from made import words_of
from said import said

from clusterer import InputError
from clusterer.cli.story_lines import COLUMNS
from clusterer.index.story_index import StoryIndex


def test_a_question_stores_nothing(news: Path, tmp_path: Path) -> None:
    before = news.read_bytes()
    feed = write(tmp_path / "new.jsonl", [SAMPLE[0], {**SAMPLE[1], "id": "again"}, made("x", words_of("x", 30))])
    done = run("query", news, feed)
    assert (done.returncode, said(done.stderr)) == (0, "")
    known, copy, new = rows(done.stdout)
    assert (known["id"], copy["id"], new["id"]) == (IDS[0], "again", "x")
    assert {tuple(r) for r in (known, copy, new)} == {tuple(FIELDS)}
    assert (copy["linked_to"], copy["relation"], copy["score"]) == (IDS[1], "exact", 1.0)
    assert (new["story"], new["representative"]) == ("x", True)
    assert news.read_bytes() == before
    assert {p.name for p in tmp_path.iterdir()} == {"news.db", "new.jsonl"}


def test_a_question_foretells_what_add_answers(empty: Path) -> None:
    keys, agree = ("id", "story", "copy", "exact"), 0
    for article in SAMPLE[:30]:
        feed = write(Path("one.jsonl"), [article])
        (asked,) = rows(ask("query", empty, feed).stdout)
        (added,) = rows(ask("add", empty, feed).stdout)
        agree += [asked[k] for k in keys] == [added[k] for k in keys]
    assert agree >= 29  # an article's own words weigh once it is there
    done = ask("query", empty, write(Path("all.jsonl"), SAMPLE[:30]), "-o", "out.jsonl")
    assert done.stdout == ""
    assert rows(Path("out.jsonl").read_bytes()) == rows(ask("export", empty).stdout)


def test_bad_rows_of_a_question_are_set_aside(news: Path) -> None:
    Path("feed.jsonl").write_bytes(LINES[0] + b"\n" + BAD + b"\n")
    done = ask("query", news, "feed.jsonl", "-o", "out.jsonl")
    assert "1 bad row set aside in out.jsonl.quarantine.jsonl" in done.stderr
    assert [r["line"] for r in rows(Path("out.jsonl.quarantine.jsonl").read_bytes())] == [2]
    piped = ask("query", news, "-", stdin=b"\n".join(LINES[:3]))
    assert [r["id"] for r in rows(piped.stdout)] == IDS[:3]


def test_stories_are_listed_with_the_latest_first(filled: Path) -> None:
    told = rows(ask("stories", filled).stdout)
    assert {tuple(r) for r in told} == {COLUMNS}
    exported = rows(ask("export", filled).stdout)
    members = {story: [r for r in exported if r["story"] == story] for story in {r["story"] for r in exported}}
    titles = {a["id"]: a["title"] for a in SAMPLE}
    for r in told:
        inside = members.pop(r["story"])
        dates = [DATES[x["id"]] for x in inside]
        assert r["articles"] == r["recent"] == len(inside)
        assert r["independent_texts"] == len({x["copy"] for x in inside})
        assert r["outlets"] == sorted({a["source"] for a in SAMPLE if a["id"] in {x["id"] for x in inside}})
        assert (datetime.fromisoformat(r["first"]), datetime.fromisoformat(r["last"])) == (min(dates), max(dates))
        assert datetime.fromisoformat(r["updated"]) > max(dates) + timedelta(
            days=365
        )  # the clock, not the dates of the sample
        assert [r["representative"]] == [x["id"] for x in inside if x["representative"]]
        assert r["title"] == titles[r["representative"]]
        assert r["aliases"] == []
        assert r["follows"] is None or f"follows {r['follows']}," in ask("show", filled, r["story"]).stdout
    followed = {r["follows"] for r in told} - {None}
    assert len(followed) >= 3
    assert followed < {r["story"] for r in told}
    assert all(len(alone) == 1 for alone in members.values())  # too short to group
    last = [datetime.fromisoformat(r["last"]) for r in told]
    assert last == sorted(last, reverse=True)


def narrowed(*args: object) -> list[dict[str, Any]]:
    """What `stories` tells, without how many articles are recent, which hangs on what was asked."""
    return [{name: value for name, value in r.items() if name != "recent"} for r in rows(ask("stories", *args).stdout)]


def test_stories_are_sorted_and_told_with_their_articles(filled: Path) -> None:
    everything = {r["story"]: r for r in rows(ask("stories", filled).stdout)}
    by_size = rows(ask("stories", filled, "--sort", "size", "--limit", 5, "--with", "title,date").stdout)
    assert [r["articles"] for r in by_size] == sorted((r["articles"] for r in everything.values()), reverse=True)[:5]
    for r in by_size:
        members = r.pop("members")
        assert r == everything[r["story"]]
        assert len(members) == r["articles"]
        assert {(m["id"], m["title"]) for m in members} <= {(a["id"], a["title"]) for a in SAMPLE}
        assert all(datetime.fromisoformat(m["date"]) == DATES[m["id"]] for m in members)
        assert list(members[0]) == ["id", "linked_to", "relation", "score", "title", "date"]
        assert [m["id"] for m in members if m["relation"] is None] == [r["representative"]]
    since = "2016-04-10"
    day = datetime(2016, 4, 10, tzinfo=UTC)
    grown = rows(ask("stories", filled, "--sort", "growth", "--since", since, "--with", "date").stdout)
    assert [r["recent"] for r in grown] == sorted((r["recent"] for r in grown), reverse=True)
    for r in grown:
        assert 0 < r["recent"] == sum(datetime.fromisoformat(m["date"]) >= day for m in r["members"]) <= r["articles"]
    assert any(r["recent"] < r["articles"] for r in grown)
    came = [
        max(IDS.index(m["id"]) for m in r["members"])
        for r in rows(ask("stories", filled, "--sort", "change", "--with", "url").stdout)
    ]
    assert came == sorted(came, reverse=True)
    with StoryIndex.open(filled) as store:
        assert [s.id for s in store.stories(since, sort="growth")] == [r["story"] for r in grown]
        for wrong in ({"sort": "siez"}, {"sort": "growth"}, {"since": "yesteryear"}, {"since": 7}):
            with pytest.raises(InputError):
                store.stories(**wrong)  # type: ignore[arg-type]


def test_stories_of_a_day_and_of_an_outlet(filled: Path) -> None:
    day, next_day = datetime(2016, 4, 4, tzinfo=UTC), datetime(2016, 4, 5, tzinfo=UTC)
    outlet = next(a["source"] for a in SAMPLE if day <= DATES[a["id"]] < next_day)
    for more in ([], ["--outlet", outlet]):
        found = rows(
            ask("stories", filled, "--since", "24h", "--until", "2016-04-05", "--with", "date,source", *more).stdout
        )
        counted = {
            r["story"]: sum(
                day <= datetime.fromisoformat(m["date"]) < next_day and (not more or m["source"] == outlet)
                for m in r["members"]
            )
            for r in rows(ask("stories", filled, "--with", "date,source").stdout)
        }
        assert {r["story"]: r["recent"] for r in found} == {story: n for story, n in counted.items() if n}
        assert found == rows(
            ask(
                "stories", filled, "--since", "2016-04-04", "--until", "2016-04-05", "--with", "date,source", *more
            ).stdout
        )
    misspelt = ask("stories", filled, "--outlet", f"{outlet}ه")
    assert misspelt.stdout == ""
    assert f"did you mean '{outlet}'?" in misspelt.stderr
    with StoryIndex.open(filled) as store:
        assert store.outlets() == Counter(a["source"] for a in SAMPLE)
        assert store.stories("3h", until="2h") == []
        wrong: dict[str, dict[str, Any]] = {
            "since when is not said": {"until": "2016-04-05"},
            "is not after since": {"since": "2016-04-05", "until": "2016-04-05"},
            "is not after since, '2h'": {"since": "2h", "until": "3h"},
            "neither an age": {"since": "1d", "until": "tomorrow's"},
            "outlet is ''": {"outlet": ""},
            "outlet is '.ud800'": {"outlet": "\ud800"},
        }
        for what, asked in wrong.items():
            with pytest.raises(InputError, match=what):
                store.stories(**asked)


def test_stories_can_be_narrowed(filled: Path) -> None:
    everything = narrowed(filled)
    assert narrowed(filled, "--min-size", 3) == [r for r in everything if r["articles"] >= 3]
    assert narrowed(filled, "--limit", 5) == everything[:5]
    day = datetime(2016, 4, 10, tzinfo=UTC)
    late = [r for r in everything if datetime.fromisoformat(r["last"]) >= day]
    assert 0 < len(late) < len(everything)
    assert narrowed(filled, "--since", "2016-04-10") == late
    assert narrowed(filled, "--since", "2016-04-10T03:00:00+03:00") == late
    age = datetime.now(UTC) - day
    for unit, seconds in (("s", 1), ("m", 60), ("h", 3600), ("d", 86400), ("w", 604800)):
        assert narrowed(filled, "--since", f"{age.total_seconds() / seconds:.6f}{unit}") == late
    assert narrowed(filled, "--since", "12h") == []
    assert (
        narrowed(filled, "--since", "2016-04-10", "--min-size", 2, "--limit", 2)
        == [r for r in late if r["articles"] >= 2][:2]
    )
    ask("stories", filled, "-o", "stories.jsonl")
    assert Path("stories.jsonl").read_text("utf-8") == ask("stories", filled).stdout


def test_an_age_longer_than_time_is_every_storys(news: Path) -> None:
    everything = ask("stories", news).stdout
    for age in ("999999d", "99999999999d", f"{'9' * 400}w"):
        assert ask("stories", news, "--since", age).stdout == everything
        assert "0 articles removed" in ask("expire", news, "--older-than", age).stderr


@pytest.mark.parametrize("value", ["soon", "", "7", "7x", "-7d", "d", "2016-13-40", "7d 3h"])
def test_what_is_neither_age_nor_date_is_refused(value: str, filled: Path) -> None:
    for args in (["stories", filled, "--since", value], ["expire", filled, "--older-than", value]):
        assert repr(value) in refused(*args)
    assert sound(filled) == IDS


def test_a_story_is_shown_by_its_id_an_alias_or_an_article(empty: Path) -> None:
    left, right, both = strangers()
    ask("add", empty, write(Path("1.jsonl"), [left, right]))
    ask("add", empty, write(Path("2.jsonl"), [both]))
    shown = {ask("show", empty, name).stdout for name in ("left", "right", "both")}
    (text,) = shown
    assert "story left, also right" in text
    assert "3 articles" in text
    for article in (left, right, both):
        assert article["title"] in text
    assert text.count("2016-05-01 10:00") >= 3
    assert text.count("stands for the story") == 1
    lines = {ask("show", empty, name, "--json").stdout for name in ("left", "right", "both")}
    (told,) = map(rows, lines)
    assert told[0] == rows(ask("stories", empty).stdout)[0]
    assert told[1:] == rows(ask("export", empty).stdout)


def test_a_story_is_shown_with_titles_dates_and_links(filled: Path) -> None:
    text = ask("show", filled, STORY).stdout
    story, *told = rows(ask("show", filled, STORY, "--json").stdout)
    assert story["story"] == STORY
    assert len(told) == story["articles"] == 4
    articles = {a["id"]: a for a in SAMPLE}
    for r in told:
        assert list(r) == FIELDS
        assert articles[r["id"]]["title"] in text
        assert articles[r["id"]]["source"] in text
        assert f"{DATES[r['id']]:%F %H:%M}" in text
        if r["linked_to"]:
            assert f"{r['relation']} {r['score']:.2f} of {r['linked_to']}" in text
    assert text.splitlines()[0] == story["title"]


def test_odd_articles_can_be_shown(empty: Path) -> None:
    ask("add", empty, write(Path("1.jsonl"), [{"text": "نص بلا عنوان ولا تاريخ ولا مصدر ولا اسم على الإطلاق"}]))
    ask("add", empty, write(Path("2.jsonl"), [{"id": "short", "text": "قصير"}]))
    (first, _) = rows(ask("export", empty).stdout)
    text = ask("show", empty, first["id"]).stdout
    assert "no date" in text
    assert "no source" in text
    assert "قصير" in ask("show", empty, "short").stdout
    assert rows(ask("show", empty, "short", "--json").stdout)[0]["articles"] == 1
    for unknown in ("nobody", "", "\udcff", "short#2"):
        assert repr(unknown) in refused("show", empty, unknown)


def test_pairs_are_exported_without_places_that_an_index_does_not_keep(filled: Path, tmp_path: Path) -> None:
    ask("export", filled, "-o", "out.jsonl", "--pairs", "pairs.jsonl")
    told = rows(Path("pairs.jsonl").read_bytes())
    with StoryIndex.open(filled) as store:
        assert [tuple(row.values()) for row in told] == [pair[:-2] for pair in store.pairs()]
    assert {row["relation"] for row in told} >= {"exact", "copy", "contained", "story"}
    assert list(told[0]) == ["relation", "score", "jaccard", "containment", "containment_of_longer", "a", "b", "apart"]
    for names, says in (("file", "'file'"), ("title,row,file", "'row'"), ("titel", "'titel'")):
        assert f"{says}: an index does not keep that; cure: " in refused("export", filled, "--with", names)
