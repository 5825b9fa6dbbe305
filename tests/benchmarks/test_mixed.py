"""Mixed documents against brute force: the suite's bars, and its documents."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import reference
from click.testing import CliRunner

from benchmarks.corpora.mixed import mixed
from benchmarks.suites import mixed as suite
from clusterer import Article, Settings
from clusterer.copies.candidates import band_shape
from clusterer.copies.grouping import SHARE
from clusterer.pipeline import run_pipeline


@pytest.fixture(scope="module")
def documents() -> list[Article]:
    return mixed(1_300, 1)


def test_documents_are_of_all_kinds_and_near_each_other_at_all_similarities(documents: list[Article]) -> None:
    kinds = Counter(a.id.partition("-")[0] for a in documents)
    assert kinds == {"news": 455, "verse": 156, "law": 156, "product": 195, "code": 169, "other": 169}
    run = run_pipeline(documents, suite.SETTINGS, keep=True)
    near = np.histogram(run.links.overlap.jaccard, [0.5, 0.6, 0.7, 0.8, 0.9, 1.0])[0]
    assert (near >= 10).all(), near


def test_the_bars_and_that_they_can_be_missed(documents: list[Article], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "mixed", lambda count, seed: documents)
    done = CliRunner().invoke(suite.main, [])
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1].split()[-1] == "0"
    monkeypatch.setattr(suite, "RECALL", 1.01)
    done = CliRunner().invoke(suite.main, [])
    assert (done.exit_code, len(done.output.splitlines())) == (1, 9)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_bars_on_all_documents(seed: int) -> None:
    assert [a.text for a in mixed(500, seed)] == [a.text for a in mixed(500, seed)]
    done = CliRunner().invoke(suite.main, ["--seed", str(seed)])
    assert done.exit_code == 0, done.output


def test_the_oracle_says_what_sets_of_words_say(documents: list[Article]) -> None:
    given = documents[:150]
    run = run_pipeline(given, suite.SETTINGS, keep=True)
    texts = [{*reference.shingles(reference.words(given[i].text), 3)} for i in run.documents.articles.tolist()]
    jaccard = {(a, b): reference.jaccard(texts[a], texts[b]) for b in range(len(texts)) for a in range(b)}
    assert {tuple(pair) for pair in suite.alike(run).tolist()} == {p for p, x in jaccard.items() if x >= 0.8} != set()
    inside = replace(run, copies=np.zeros(len(texts), dtype=np.int64))  # as if all were one group
    assert len(suite.together(inside)) == sum(x < 0.5 for x in jaccard.values()) > 1_000
    assert len(suite.together(run)) == 0


@pytest.mark.parametrize("jaccard", [0.3, 0.43, 0.5, 0.7, 0.8, 0.9, 1.0])
@pytest.mark.parametrize("slots", [64, 128, 256])
def test_bands_find_what_counts_where_groups_are_joined(jaccard: float, slots: int) -> None:
    """A pair below the threshold that was not looked at would count as 0, and part what belongs together."""
    b, r = band_shape(Settings(jaccard=jaccard, slots=slots))
    assert b * r <= slots
    assert r == 1 or reference.s_curve(SHARE * jaccard, b, r) >= 0.98
    assert reference.s_curve(jaccard, b, r) >= 0.98
