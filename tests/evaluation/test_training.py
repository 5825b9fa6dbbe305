"""Retraining the same-event score: the fit is the best there is, few pairs move little, every engine takes the weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings as hypothesis_settings, strategies as st
from indexes import as_members, groups
from places import ROOT, SHARED

from benchmarks.suites.retraining import SIZES, figures_of, split
from benchmarks.training import corpora
from clusterer import Article, InputError, Settings, SettingsError, StoryIndex, cluster, explain
from clusterer.cli.main import cli
from clusterer.evaluation.gold import Gold, Judged, read_gold
from clusterer.evaluation.training import (
    LEAST_EVENTS,
    LEAST_PAIRS,
    PRIOR_STRENGTH,
    SURE,
    Examples,
    cross_validate,
    fit,
    retrain,
)
from clusterer.io.feed import Feed
from clusterer.stories import term_weights
from clusterer.stories.features import FEATURES, TABLE
from clusterer.stories.model import Model, model_of, shipped_model

FEED, GOLD = ROOT / "data" / "feed.jsonl", ROOT / "data" / "gold.jsonl"
SIGNS = np.array([feature.sign for feature in TABLE])


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    return [row.article for row in Feed([FEED])]


@pytest.fixture(scope="module")
def gold() -> Gold:
    return read_gold(GOLD)


def made(count: int, seed: int, truth: Model | None = None, noise: bool = False) -> Examples:
    """Pairs of two texts each, whose labels a model draws, or chance."""
    random = np.random.default_rng(seed)
    features = random.uniform(0.0, 1.0, (count, len(FEATURES))) * (random.random((count, len(FEATURES))) < 0.5)
    share = np.full(count, 0.5) if noise else (truth or shipped_model()).score(features)
    same = random.random(count) < share
    return Examples(np.arange(2 * count).reshape(count, 2), features, same, random.choice([0.5, 1.0], count))


def loss(examples: Examples, model: Model, prior: Model, strength: float) -> float:
    """What `fit` makes least, pair by pair."""
    features = examples.features
    mean, spread = np.average(features, axis=0, weights=examples.weight), np.maximum(features.std(axis=0), 0.02)
    total = 0.0
    for row, same, weight in zip(features, examples.same, examples.weight, strict=True):
        score = 1.0 / (1.0 + np.exp(-(model.bias + float(row @ model.weights))))
        total -= weight * np.log(score if same else 1.0 - score)
    moved = np.append(
        (model.weights - prior.weights) * spread, model.bias - prior.bias + (model.weights - prior.weights) @ mean
    )
    return total + float(moved @ moved) / (2 * strength)


@given(st.integers(0, 10_000), st.sampled_from([5, 40, 300]), st.sampled_from([0.003, 0.1, 3.0]))
@hypothesis_settings(max_examples=15)
def test_no_other_weights_fit_better(seed: int, count: int, strength: float) -> None:
    examples, prior, random = made(count, seed, noise=seed % 2 == 0), shipped_model(), np.random.default_rng(seed)
    found = fit([examples], prior, strength)
    least = loss(examples, found, prior, strength)
    assert (found.weights * SIGNS >= 0).all()
    assert least <= loss(examples, prior, prior, strength) + 1e-9
    for size in (1e-3, 1e-2, 0.3):
        moved = found.weights + random.normal(0, size, len(FEATURES))
        allowed = np.where(moved * SIGNS < 0, 0.0, moved)
        other = Model(allowed, found.bias + random.normal(0, size), found.undated)
        assert least <= loss(examples, other, prior, strength) + 1e-6


def test_a_score_of_its_own_is_that_of_scikit_learn() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    examples = made(3000, 1, replace(shipped_model(), weights=4.0 * SIGNS, bias=-2.0))
    found = fit([examples.where(np.arange(3000) < 1000), examples.where(np.arange(3000) >= 1000)])
    mean, spread = np.average(examples.features, axis=0, weights=examples.weight), examples.features.std(axis=0)
    twin = linear.LogisticRegression(C=0.3, tol=1e-10, max_iter=10_000)
    twin.fit((examples.features - mean) / spread, examples.same, examples.weight)
    assert (twin.coef_[0] * SIGNS > 0).all()  # else it would not be the same: signs are free there
    np.testing.assert_allclose(found.weights, twin.coef_[0] / spread, atol=1e-3)
    assert found.bias == pytest.approx(twin.intercept_[0] - found.weights @ mean, abs=1e-3)


def test_what_never_varies_keeps_its_weight() -> None:
    examples = made(60, 3)
    examples.features[:, 2] = 0.25
    found = fit([examples], shipped_model())
    assert found.weights[2] == pytest.approx(shipped_model().weights[2])
    assert abs(found.weights - shipped_model().weights).max() > 0.01


def distance(a: Model, b: Model) -> float:
    """How far their scores are from each other, on average."""
    features = made(2000, 11).features
    return float(abs(a.score(features) - b.score(features)).mean())


def test_few_pairs_move_little_and_many_find_the_truth() -> None:
    prior = shipped_model()
    factors = np.where(SIGNS > 0, np.linspace(0.2, 3.0, len(FEATURES)), 0.5)
    truth = Model(prior.weights * factors, prior.bias + 1.0, prior.undated)
    found = [fit([made(count, 5, truth)], prior, 0.1) for count in (20, 500, 50_000)]
    far = [distance(x, prior) for x in found]
    assert far == sorted(far)
    assert distance(found[-1], truth) < 0.1 * distance(prior, truth)


def test_what_helps_on_unseen_events_is_told_from_what_does_not() -> None:
    prior = shipped_model()
    other = Model(prior.weights * np.linspace(0.1, 1.9, len(FEATURES)), prior.bias + 2.0, prior.undated)
    helped = cross_validate(made(400, 7, other), prior, 0.5)
    assert helped.better
    assert helped.losses[1] < helped.losses[0]
    assert (helped.pairs, helped.events) == (400, 800 - int(made(400, 7, other).same.sum()))
    assert not cross_validate(made(60, 4, prior), prior, 0.5, strength=10.0).better  # drawn by the weights themselves


def test_weights_are_taken_from_enough_labels_and_for_a_gain_beyond_chance_only() -> None:
    prior = shipped_model()
    other = Model(prior.weights * np.linspace(0.1, 1.9, len(FEATURES)), prior.bias + 2.0, prior.undated)
    helped = cross_validate(made(400, 7, other), prior, 0.5)
    assert (helped.better, helped.few, helped.surely >= SURE) == (True, False, True)
    few = cross_validate(made(LEAST_PAIRS - 1, 7, other), prior, 0.5)
    assert (few.few, few.better) == (True, False)
    of_few_texts = made(400, 7, other)
    of_few_texts.pairs[:] = of_few_texts.pairs % (LEAST_EVENTS - 1)
    assert cross_validate(of_few_texts, prior, 0.5).few
    for check in (replace(helped, surely=SURE - 0.01), replace(helped, after=helped.before), replace(helped, events=5)):
        assert not check.better
    noise = [
        cross_validate(made(200, seed, prior), prior, 0.5) for seed in range(10)
    ]  # drawn by the weights themselves
    assert sum(check.better for check in noise) <= 1


def test_each_pair_is_judged_by_weights_that_did_not_see_it() -> None:
    """Labels by chance: who has seen a pair does better on it, who has not does not."""
    examples, free, unsure = made(60, 9, noise=True), 100.0, Model(np.zeros(len(FEATURES)), 0.0, 0.02)
    check = cross_validate(examples, unsure, 0.5, strength=free)
    seen = fit([examples], unsure, free).score(examples.features)
    sure = np.clip(np.where(examples.same, seen, 1.0 - seen), 1e-12, None)
    assert float(np.average(-np.log(sure), weights=examples.weight)) < 0.7 < check.losses[1]
    assert not check.better


@pytest.fixture(scope="module")
def weights(articles: list[Article]) -> str:
    """Other weights, which make other stories of the sample feed."""
    prior = shipped_model()
    text = Model(prior.weights * np.linspace(0.5, 1.2, len(FEATURES)), prior.bias + 0.5, prior.undated).text
    assert cluster(articles).labels("story") != cluster(articles, weights=text).labels("story")
    return text


def test_weights_as_a_text_are_the_weights_again(weights: str) -> None:
    model = model_of(Settings(weights=weights))
    assert model.text == weights
    np.testing.assert_allclose(model.weights, shipped_model().weights * np.linspace(0.5, 1.2, len(FEATURES)), atol=1e-4)
    assert model_of(Settings(weights=shipped_model().text)).weights.tolist() == shipped_model().weights.tolist()
    assert model_of(Settings()) is shipped_model()


def test_every_engine_takes_the_weights(articles: list[Article], weights: str, tmp_path: Path) -> None:
    settings = Settings(weights=weights)
    batch = cluster(articles, settings)
    model = model_of(settings)
    linked = [a for a in batch if a.relation == "story"]
    assert linked
    for a in linked:
        assert a.evidence is not None
        values = np.array([[a.evidence.get(name, np.nan) for name in FEATURES]])
        assert a.score == pytest.approx(float(model.score(values)[0]), abs=2e-3)
    with StoryIndex.open(tmp_path / "news.db", settings) as index:
        index.add(articles)
        assert index.check() == []
        assert as_members(index.follows(), index.assignments()) == as_members(batch.follows, batch)
        assert groups(index.assignments(), "story") == groups(batch, "story")
        told = index.explain(linked[0].id, str(linked[0].linked_to)).reporting
    with StoryIndex.open(tmp_path / "news.db") as index:
        assert index.settings.weights == weights
    with pytest.raises(SettingsError, match="was made with weights"):
        StoryIndex.open(tmp_path / "news.db", Settings())
    here = explain(articles, linked[0].id, str(linked[0].linked_to), settings).reporting
    for shown in (told, here):
        assert shown is not None
        assert shown.bias == model.bias
        assert shown.score == pytest.approx(linked[0].score, abs=1e-3)


def test_the_estimator_takes_the_weights(articles: list[Article], weights: str) -> None:
    estimator = pytest.importorskip("clusterer.estimator").StoryClusterer(weights=weights)
    assert estimator.fit(articles).clustering_.labels("story") == cluster(articles, weights=weights).labels("story")


def changed(text: str, name: str, value: str) -> str:
    return " ".join(f"{name}={value}" if part.startswith(f"{name}=") else part for part in text.split())


BAD = [
    (lambda text: "model.json", "it must be 'shipped', or a line that tune --retrain wrote"),
    (lambda text: "", "it must be 'shipped'"),
    (lambda text: changed(text, "opening", "nan"), "it must be 'shipped'"),
    (lambda text: f"00000000 {text.partition(' ')[2]}", "retrained from 00000000, the shipped ones of another release"),
    (lambda text: changed(text, "opening", "-0.5"), "opening is -0.5; by its meaning at least 0"),
    (lambda text: changed(text, "apart", "0.5"), "apart is 0.5; by its meaning at most 0"),
    (lambda text: text.replace(" opening=", " opened="), "opened, opening: this release's score is made of"),
    (lambda text: text.rpartition(" ")[0], "bias: this release's score is made of"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "why"), BAD, ids=[why[:24] for _, why in BAD])
def test_weights_that_are_none_are_refused_before_anything_is_read(
    spoil: Callable[[str], str], why: str, weights: str, tmp_path: Path
) -> None:
    text = spoil(weights)
    for call in (
        lambda: cluster(iter([object()]), weights=text),
        lambda: StoryIndex.open(tmp_path / "news.db", {"weights": text}),
    ):
        with pytest.raises(SettingsError) as error:
            call()
        assert why in str(error.value)
        assert "cure: " in str(error.value)
    assert not (tmp_path / "news.db").exists()


def test_gold_of_labels_and_of_pairs_retrains(articles: list[Article], gold: Gold) -> None:
    found = retrain(articles, gold)
    assert found.check.pairs > 30
    assert (found.settings == Settings()) == (not found.check.better)
    event = gold.labels["story"]
    names = sorted(event)
    pairs = tuple(Judged(a, b, event[a] == event[b]) for i, a in enumerate(names) for b in names[i + 1 :: 9] if a != b)
    judged = retrain(articles, Gold({}, pairs), settings=found.settings)
    assert judged.check.pairs > found.check.pairs


def test_copies_of_one_text_teach_nothing(articles: list[Article]) -> None:
    first, second, third = articles[0], articles[1], articles[5]
    again = replace(first, id="again")
    judged = [Judged(first.id, "again", True), Judged(first.id, second.id, True), Judged("again", second.id, True),
              Judged(first.id, third.id, False)]  # fmt: skip
    assert retrain([*articles, again], Gold({}, tuple(judged))).check.pairs <= 2


def test_gold_that_cannot_teach_is_refused(articles: list[Article], gold: Gold) -> None:
    for said, settings, why in (
        (Gold({"copy": gold.labels["copy"]}), None, "says nothing of stories"),
        (gold, {"level": "copy"}, "level copy has no score"),
        (
            Gold({}, (Judged(articles[0].id, articles[9].id, False),)),
            None,
            "1 pairs of different texts, all of two events",
        ),
        (Gold({}, (Judged(articles[0].id, "nobody", False),)), None, "'nobody' is not in the feed"),
    ):
        with pytest.raises((InputError, SettingsError), match=why):
            retrain(articles, said, settings=settings)


def by_event(event: Mapping[str, str]) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for name, label in event.items():
        out.setdefault(label, []).append(name)
    return out


def test_the_command_says_why_weights_are_kept(tmp_path: Path, gold: Gold) -> None:
    event = gold.labels["story"]
    few = tmp_path / "few.jsonl"
    one, other = (set(names) for _, names in sorted(by_event(event).items(), key=lambda x: -len(x[1]))[:2])
    few.write_text(
        "".join(
            f'{{"a": "{a}", "b": "{b}", "same": {str(event[a] == event[b]).lower()}}}\n'
            for a, b in combinations(sorted(one | other), 2)
        ),
        "utf-8",
    )
    run = CliRunner().invoke(
        cli, ["tune", str(FEED), str(few), "--retrain", "-o", str(tmp_path / "my.toml"), "--quiet"]
    )
    assert run.exit_code == 0, run.output
    (told,) = [line for line in run.stdout.splitlines() if line.startswith("weights: those it had are kept: ")]
    assert told.endswith("pairs are too few to tell a gain from chance; 20 events and 50 pairs are the least")
    assert Settings.from_toml((tmp_path / "my.toml").read_text("utf-8")).weights == "shipped"


def test_the_command_writes_what_other_commands_take(tmp_path: Path) -> None:
    run = CliRunner().invoke(
        cli, ["tune", str(FEED), str(GOLD), "--retrain", "-o", str(tmp_path / "my.toml"), "--quiet"]
    )
    assert run.exit_code == 0, run.output
    lines = run.stdout.splitlines()
    assert lines[0].startswith("weights: ")
    assert [line.split()[0] for line in lines[2:4]] == ["as", "retrained"]
    settings = Settings.from_toml((tmp_path / "my.toml").read_text("utf-8"))
    retrained = settings.weights != "shipped"
    assert ("are better, and are taken" in run.stdout) == retrained
    out = tmp_path / "out.jsonl"
    made = CliRunner().invoke(
        cli, ["cluster", str(FEED), "-o", str(out), "--settings", str(tmp_path / "my.toml"), "-q"]
    )
    assert made.exit_code == 0, made.output
    assert out.read_bytes().count(b"\n") == len(cluster(FEED, settings))


def test_halves_of_judged_pairs_share_no_text() -> None:
    examples = made(90, 2)
    examples.pairs[:, 0] //= 4  # several pairs a text
    teach, judge = split(examples, 30, 1)
    assert 30 <= len(teach.same) < 50
    assert len(teach.same) + len(judge.same) == 90
    assert not set(teach.pairs.ravel().tolist()) & set(judge.pairs.ravel().tolist())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("feed", "gold", "pairs"), [("feed", "events", "july"), ("feed-panarab", "panarab", "panarab")]
)
def test_few_judged_pairs_of_real_articles_do_no_harm(
    feed: str, gold: str, pairs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trained on some judged pairs of a corpus, judged on the others, from weights as they ship."""
    if not (SHARED / feed).exists():
        pytest.skip(f"real articles are not here: no {SHARED / feed}")
    monkeypatch.setattr(corpora, "FORMS", {})
    files = (SHARED / feed, SHARED / "gold" / f"{gold}.jsonl", SHARED / "gold" / f"{pairs}-pairs.jsonl")
    loaded = corpora.load(feed, *files)
    judged = corpora.compare(loaded.rows, loaded.inside, term_weights.background()).judged
    for size in SIZES:
        figures = np.array([figures_of(judged, shipped_model(), size, PRIOR_STRENGTH, seed) for seed in range(10)])
        before, after, taken = figures[:, :, [0, 2]].mean(axis=0)  # F1, loss
        assert after[1] < before[1]
        assert taken[1] <= before[1]
        assert min(after[0], taken[0]) > before[0] - 0.005
