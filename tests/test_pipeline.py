"""The whole road: what goes in comes out, whatever its order, number and oddity."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from clusterings import DAY, FEED, by_id, groups, with_noise
from hypothesis import given, settings, strategies as st
from made import text_of
from places import DATA, ROOT
from strategies import texts

from benchmarks.corpora.attacks import one_story
from clusterer import Article, InputError, Settings, SettingsError, cluster, dedup, removals
from clusterer.arrays import interning
from clusterer.copies import verify
from clusterer.io import feed as io_feed
from clusterer.lsh import bands
from clusterer.stories import clustering, term_weights, texts as texts_of_stories
from clusterer.text import boilerplate

pytestmark = pytest.mark.usefixtures("loops")


def test_strings_mappings_and_articles_come_out_in_their_order() -> None:
    text = text_of(1, 50)
    found = cluster(
        [text, {"text": text, "id": "b"}, Article(text_of(2, 50), id="c"), {"content": text, "url": "http://x/d"}]
    )
    assert [a.id for a in found][1:] == ["b", "c", "http://x/d"]
    assert [a.relation for a in found].count("exact") == 2
    assert found.labels()[0] == found.labels()[1] == found.labels()[3] != found.labels()[2]


def test_every_article_is_in_the_output_in_order() -> None:
    found = cluster(FEED)
    assert [a.id for a in found] == [a.id for a in FEED]
    assert found.stats["articles"] == len(FEED)
    assert found.fingerprint == Settings().fingerprint()


@pytest.mark.parametrize("level", ["exact", "copy"])
def test_no_articles_and_one(level: str) -> None:
    settings = Settings(level=level)
    for unit in (settings, replace(settings, unit="char", size=12)):
        assert len(cluster([], unit)) == 0
        assert len(cluster([""], unit)) == 1
        (only,) = cluster([text_of(1, 30)], unit)
        assert only.representative
        assert only.story == only.copy == only.exact == only.id


@pytest.mark.parametrize(
    ("items", "place", "kind"), [([5], 1, "int"), (["x", None], 2, "NoneType"), ([b"x"], 1, "bytes")]
)
def test_an_item_of_another_kind_is_refused_with_its_place(items: list, place: int, kind: str) -> None:
    with pytest.raises(InputError, match=rf"article {place} is a {kind}"):
        cluster(items)


def test_a_mapping_without_a_text_is_told_with_its_place() -> None:
    with pytest.warns(UserWarning, match=r"article 2: .*found columns: colour"):
        assert len(cluster(["x", {"colour": "red"}])) == 2
    with pytest.raises(InputError, match=r"article 1: .*found columns: colour"):
        cluster([{"colour": "red"}])


def test_articles_are_read_once_and_lazily() -> None:
    assert len(cluster(iter(FEED))) == len(FEED)
    assert len(cluster(article for article in FEED)) == len(FEED)


def test_progress_counts_every_article_of_every_stage() -> None:
    told: Counter[str] = Counter()
    cluster(FEED, Settings(chunk=7), progress=lambda stage, done: told.update({stage: done}))
    assert told["reading"] == len(FEED)
    assert 0 < told["sketching"] <= len(FEED)
    assert told["verifying"] == cluster(FEED).stats["candidate pairs"]


@pytest.mark.parametrize("representative", ["earliest", "longest", "central"])
def test_the_order_of_the_input_does_not_matter(representative: str) -> None:
    settings, articles = Settings(representative=representative), with_noise(1)
    expected = cluster(articles, settings)
    for seed in range(4):
        random.Random(seed).shuffle(articles)
        found = cluster(articles, settings)
        assert by_id(found) == by_id(expected)
        assert found.stats == expected.stats
        assert groups(found) == groups(expected)


@pytest.mark.parametrize(
    "unit", [Settings(), Settings(unit="char", size=12), Settings(size=8), Settings(scheme="affine32")]
)
def test_chunks_and_threads_do_not_matter(unit: Settings) -> None:
    articles = with_noise(2)
    expected = cluster(articles, unit)
    for chunk in (1, 7, 1024):
        for threads in (1, 2):
            found = cluster(articles, replace(unit, chunk=chunk, threads=threads))
            assert found == expected


def test_the_number_of_threads_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of articles enough that every stage shares out its work, in blocks as small as these."""
    articles = [row.article for row in io_feed.Feed(DATA / "feed.jsonl")]
    articles += [replace(a, id=f"{a.id}-again", text=f"{a.text[:-40]} وأضاف المصدر") for a in articles]
    expected = cluster(articles), dedup(articles, level="story").removed
    assert len(expected[1]) > 50
    for module, name in (
        (boilerplate, "_BLOCK"), (interning, "_BLOCK"), (texts_of_stories, "_BLOCK"), (term_weights, "_ROWS"),
        (verify, "_VERIFY_BLOCK"), (clustering, "_VERIFY_BLOCK"), (removals, "_BLOCK"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, 29)
    for threads in (1, 2, 7):
        chosen = Settings(chunk=23, threads=threads)
        assert (cluster(articles, chosen), dedup(articles, chosen).removed) == expected


def test_a_shingle_longer_than_a_chunk_of_words_is_no_trouble() -> None:
    articles = [text_of(1, 6), text_of(2, 7), text_of(1, 6)]
    for chosen in (Settings(size=64, chunk=1), Settings(size=64), Settings(unit="char", size=64, chunk=1)):
        assert len(groups(cluster(articles, chosen), "exact")) == 2


def test_the_hash_seed_of_python_does_not_matter(tmp_path: Path) -> None:
    rows = [
        {"text": a.text, "id": a.id, "source": a.source, "date": a.date and a.date.isoformat()} for a in with_noise(3)
    ]
    (tmp_path / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
    code = (
        "import json, sys; from clusterer import cluster; found = cluster(json.load(open(sys.argv[1], encoding='utf-8')));"
        "print(json.dumps([[a.as_dict() for a in found], dict(found.stats), found.fingerprint]))"
    )
    outputs = set()
    for seed in ("0", "random"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", code, str(tmp_path / "rows.json")]
        outputs.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert len(outputs) == 1


def test_ids_fall_back_to_the_url_then_to_a_hash_of_the_content() -> None:
    texts_ = [text_of(i, 20) for i in range(4)]
    articles = [
        Article(texts_[0], id="a", url="u"),
        Article(texts_[1], url="u1"),
        Article(texts_[2]),
        Article(texts_[3]),
    ]
    names = [a.id for a in cluster(articles)]
    assert names[:2] == ["a", "u1"]
    assert all(len(name) == 16 and int(name, 16) >= 0 for name in names[2:])
    assert names == [a.id for a in cluster(articles)]
    assert [a.id for a in cluster(articles[::-1])] == names[::-1]


def test_duplicate_ids_are_renamed_and_reported() -> None:
    articles = [Article(text_of(i, 20), id="x", date=DAY + timedelta(hours=i)) for i in range(3)]
    articles += [Article(text_of(7, 20), id="x#2"), Article(text_of(8, 20), id="y")]
    found = cluster(articles)
    assert [a.id for a in found] == ["x", "x#3", "x#4", "x#2", "y"]
    assert found.stats["duplicate ids renamed"] == 2
    assert [a.id for a in cluster(articles[::-1])] == ["y", "x#2", "x#4", "x#3", "x"]


def test_who_keeps_a_duplicate_id_does_not_depend_on_the_order() -> None:
    # Same id, day, words, title and url: only the outlet differs, and an agency's article stands for its group.
    text = text_of(1, 40)
    articles = [Article(text, "x", source=source, date=DAY) for source in ("سبق", "واس", "الرياض")]
    articles += [
        Article(text_of(2, 40), "x", source="سبق", date=DAY),
        Article("", "x", date=DAY),
        Article("", "x", date=DAY),
    ]
    expected = by_id(cluster(articles))
    for seed in range(6):
        random.Random(seed).shuffle(articles)
        found = cluster(articles)
        assert by_id(found) == expected
        named = {(a.source, a.text): b.id for a, b in zip(articles, found, strict=True) if a.text}
        assert expected[named[("واس", text)]]["representative"]


@settings(max_examples=settings.default.max_examples // 3)
@given(st.lists(st.sampled_from(["a", "a#2", "a#3", "a#2#2", "b", ""]), max_size=12))
def test_ids_are_unique_whatever_comes(names: list[str]) -> None:
    found = cluster([Article(f"نص {i}", id=name) for i, name in enumerate(names)])
    ids = [a.id for a in found]
    assert len(set(ids)) == len(ids)
    for name in set(names) - {""}:
        assert name in ids


@settings(max_examples=settings.default.max_examples // 3)
@given(
    st.lists(texts(60), max_size=5),
    st.sampled_from([Settings(min_words=1), Settings(unit="char", size=12, chunk=1, min_words=1)]),
)
def test_no_text_breaks_the_road(batch: list[str], chosen: Settings) -> None:
    found = cluster([*batch, *batch], chosen)
    assert len(found) == 2 * len(batch)
    assert len({a.id for a in found}) == 2 * len(batch)


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"raise slots or lower the recall"):
        cluster([text_of(1, 30), text_of(2, 30)], Settings(jaccard=0.05, slots=8, recall=0.9999))


def test_stats_add_up() -> None:
    found = cluster([*FEED, FEED[0]])
    stats = found.stats
    assert stats["articles"] == len(FEED) + 1
    assert stats["distinct texts"] == len(groups(found, "exact"))
    assert stats["copy groups"] == len(groups(found))
    assert stats["largest copy group"] == max(found.sizes().values())
    assert stats["copy groups of two or more"] == sum(size > 1 for size in found.sizes().values())
    assert stats["undated"] == sum(a.date is None for a in [*FEED, FEED[0]])
    assert stats["duplicate ids renamed"] == 1
    assert all(type(value) is int for value in stats.values())


def test_labels_of_an_unknown_level_are_refused() -> None:
    with pytest.raises(ValueError, match=r"level 'event' is not one of exact, copy, story"):
        cluster(["x"]).labels("event")


@pytest.mark.filterwarnings("error")
def test_texts_that_are_not_compared_with_all_that_look_like_them_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster(FEED)
    rows = [*one_story(40, np.random.default_rng(1))]
    cluster(rows)  # 40 of one day: none is like more than 256
    monkeypatch.setattr(bands, "MOST", 8)
    with pytest.warns(
        UserWarning, match="texts look like more than 8 before them, .* so a story as large may lie in parts; cure: "
    ):
        cluster(rows)
