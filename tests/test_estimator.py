"""The estimator's contract: scikit-learn's own checks, pipelines, searches, and what a text estimator leaves out."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from made import text_of
from places import DATA
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks
from sklearn.utils.validation import check_is_fitted, validate_data

from clusterer import Article, InputError, Settings, SettingsError, StoryClusterer, cluster
from clusterer.estimator import bcubed_scorer
from clusterer.evaluation.metrics import evaluate

pytestmark = pytest.mark.usefixtures("loops")

TEXTS = [text_of(1, 60), text_of(2, 60), text_of(1, 60), "", text_of(2, 58), ""]
FEED = [json.loads(line) for line in (DATA / "feed.jsonl").read_text("utf-8").splitlines()]
GOLD = {row["id"]: row["event"] for row in map(json.loads, (DATA / "gold.jsonl").read_text("utf-8").splitlines())}
EVENTS = [GOLD.get(row["id"]) for row in FEED]


class OfNumbers(StoryClusterer):
    """Takes what scikit-learn's checks feed, rows of numbers, and reads each as a text of which every number is eight words.

    With the tags of texts, scikit-learn skips all its checks but one; so they run on all that is ours except the kind of X.
    """

    def fit(self, X: Any, y: object = None) -> OfNumbers:
        numbers = np.clip(np.floor(validate_data(self, X, dtype=np.float64)), -8, 7).astype(int)
        super().fit([" ".join(chr(0x628 + i) * 3 + chr(0x633 + x) for x in row for i in range(8)) for row in numbers])
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.string = True, False
        return tags


# No expected failures: whatever a later scikit-learn adds is seen here.
@parametrize_with_checks([OfNumbers(), OfNumbers(level="copy", threads=2, chunk=1)])
def test_checks_of_scikit_learn(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


def test_what_scikit_learn_checks_of_texts() -> None:
    with pytest.warns(SkipTestWarning, match="string=True"):
        found = check_estimator(StoryClusterer())
    assert {check["status"] for check in found} == {"passed"}


def test_tags_are_honest() -> None:
    tags = get_tags(StoryClusterer())
    assert (tags.estimator_type, tags.input_tags.string, tags.input_tags.two_d_array) == ("clusterer", True, False)
    assert not tags.target_tags.required
    assert not tags.non_deterministic
    with pytest.raises(InputError, match="array of 2 dimensions"):
        StoryClusterer().fit(np.ones((3, 2)))


def test_what_a_clusterer_of_texts_does_not_have() -> None:
    model = StoryClusterer().fit(TEXTS)
    for name in ("predict", "transform", "score", "n_features_in_", "feature_names_in_"):
        assert not hasattr(model, name)


def test_it_knows_whether_it_was_fitted() -> None:
    with pytest.raises(NotFittedError):
        check_is_fitted(StoryClusterer())
    check_is_fitted(StoryClusterer().fit([]))


def test_labels_are_aligned_and_numbered_by_first_appearance() -> None:
    model = StoryClusterer()
    assert model.fit(TEXTS) is model
    assert model.labels_.tolist() == [0, 1, 0, 2, 1, 3]
    assert np.issubdtype(model.labels_.dtype, np.integer)
    assert model.clustering_.labels() == cluster(TEXTS).labels()
    assert model.fit_predict(TEXTS).tolist() == model.labels_.tolist()


def test_labels_follow_the_level() -> None:
    assert StoryClusterer(level="exact").fit_predict(TEXTS).tolist() == [0, 1, 0, 2, 3, 4]


def test_labels_say_what_the_clustering_says() -> None:
    model = StoryClusterer().fit(TEXTS[::-1])
    names = model.clustering_.labels("copy")
    for i, a in enumerate(names):
        for j, b in enumerate(names):
            assert (model.labels_[i] == model.labels_[j]) == (a == b)


def test_clone_keeps_parameters_and_drops_what_was_fitted() -> None:
    model = StoryClusterer(jaccard=0.8, seed=7).fit(TEXTS)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "labels_")


def test_parameters_are_those_of_the_settings_and_pass_through() -> None:
    assert StoryClusterer().get_params() == Settings().as_dict()
    model = StoryClusterer().set_params(jaccard=0.9, chunk=2, level="exact")
    assert model.fit(TEXTS).clustering_.fingerprint == Settings(jaccard=0.9, level="exact").fingerprint()
    with pytest.raises(ValueError, match="nonsense"):
        model.set_params(nonsense=1)


def test_parameters_are_checked_in_fit_and_not_before() -> None:
    model = StoryClusterer(jaccard=7)
    with pytest.raises(SettingsError, match="jaccard is 7"):
        model.fit(TEXTS)


def test_numbers_of_numpy_are_parameters_too() -> None:
    model = StoryClusterer(jaccard=np.float64(0.9), seed=np.int64(7), chunk=np.uint8(2), level=np.str_("exact"))
    assert model.fit(TEXTS).clustering_.fingerprint == Settings(jaccard=0.9, seed=7, level="exact").fingerprint()
    assert type(model.jaccard) is np.float64
    with pytest.raises(SettingsError, match=r"slots is 64\.5"):
        StoryClusterer(slots=np.float64(64.5)).fit(TEXTS)


def test_it_works_at_the_end_of_a_pipeline() -> None:
    strip = FunctionTransformer(lambda texts: [text.strip() for text in texts])
    road = Pipeline([("strip", strip), ("group", StoryClusterer())])
    assert road.fit_predict([f"  {text}\n" for text in TEXTS]).tolist() == [0, 1, 0, 2, 1, 3]


@pytest.mark.parametrize("kind", [list, tuple, iter, lambda x: np.array(x, dtype=object), np.array])
def test_it_takes_any_iterable_of_texts(kind) -> None:  # type: ignore[no-untyped-def]
    assert StoryClusterer().fit_predict(kind(TEXTS)).tolist() == [0, 1, 0, 2, 1, 3]


def test_it_takes_mappings_and_articles_and_refuses_numbers() -> None:
    assert StoryClusterer().fit_predict([{"content": TEXTS[0]}, Article(TEXTS[0]), TEXTS[1]]).tolist() == [0, 0, 1]
    with pytest.raises(InputError, match=r"article 2 is a int"):
        StoryClusterer().fit([TEXTS[0], 5])  # type: ignore[list-item]


def test_no_articles_no_labels() -> None:
    assert StoryClusterer().fit([]).labels_.tolist() == []


def test_a_fitted_estimator_can_be_pickled() -> None:
    model = pickle.loads(pickle.dumps(StoryClusterer().fit(TEXTS)))
    assert model.labels_.tolist() == [0, 1, 0, 2, 1, 3]
    assert model.clustering_.assignments[2].relation == "exact"


def test_the_score_is_b_cubed_of_the_stories() -> None:
    known = [(x, y) for x, y in zip(cluster(FEED).labels("story"), EVENTS, strict=True) if y is not None]
    wanted = evaluate([x for x, _ in known], [y for _, y in known]).bcubed_f1
    assert 0.8 < wanted < 1
    assert bcubed_scorer(StoryClusterer(), FEED, EVENTS) == wanted
    assert bcubed_scorer(StoryClusterer(level="exact"), FEED, EVENTS) < wanted
    road = make_pipeline(FunctionTransformer(), StoryClusterer())
    assert bcubed_scorer(road, FEED, EVENTS) == wanted


def test_the_score_by_hand() -> None:
    # Groups {0, 2}, {1, 4}, {3}, {5}; labels {0}, {1, 4}, {2, 3}, {5}.
    precision = (1 / 2 + 1 + 1 / 2 + 1 + 1 + 1) / 6
    recall = (1 + 1 + 1 / 2 + 1 / 2 + 1 + 1) / 6
    found = bcubed_scorer(StoryClusterer(), TEXTS, ["a", "b", "c", "c", "b", "d"])
    assert found == pytest.approx(2 * precision * recall / (precision + recall))


@pytest.mark.parametrize("unknown", ["None", "NaN", "NA", "NaT", "-1"])
def test_articles_without_a_label_are_grouped_and_not_counted(unknown: str) -> None:
    pandas = pytest.importorskip("pandas")
    value = {"None": None, "NaN": float("nan"), "NA": pandas.NA, "NaT": pandas.NaT, "-1": -1}[unknown]
    # The third stands between: it is a copy of the first, which alone has a label.
    assert bcubed_scorer(StoryClusterer(), TEXTS, [0, 1, value, value, 1, value]) == 1.0
    assert bcubed_scorer(StoryClusterer(), TEXTS, [0, 1, 2, value, 1, value]) < 1.0
    assert bcubed_scorer(StoryClusterer(), TEXTS, np.array([0, 1, value, value, 1, 3], dtype=object)) == 1.0
    assert bcubed_scorer(StoryClusterer(), TEXTS, pandas.Series([0, 1, value, value, 1, 3])) == 1.0


def test_the_score_needs_a_label_for_every_article_and_one_that_is_known() -> None:
    with pytest.raises(InputError, match="6 articles and 5 labels"):
        bcubed_scorer(StoryClusterer(), TEXTS, [1] * 5)
    with pytest.raises(InputError, match="none of 6 labels is known"):
        bcubed_scorer(StoryClusterer(), TEXTS, [None] * 6)


def test_the_score_forgets_what_was_fitted_and_leaves_it() -> None:
    model = StoryClusterer().fit(["خبر"])
    assert bcubed_scorer(model, TEXTS, [0, 1, 0, 2, 1, 3]) == 1.0
    assert model.labels_.tolist() == [0]


def as_polars(rows: list[dict[str, Any]]) -> Any:
    return pytest.importorskip("polars").DataFrame(rows)


def as_pandas(rows: list[dict[str, Any]]) -> Any:
    return pytest.importorskip("pandas").DataFrame(rows, index=[1] * len(rows))


KINDS: dict[str, Callable[[list[dict[str, Any]]], Any]] = {
    "list": list,
    "array": lambda rows: np.array(rows, dtype=object),
    "pandas": as_pandas,
    "polars": as_polars,
}


def known() -> tuple[list[dict[str, Any]], np.ndarray]:
    rows = [(row, event) for row, event in zip(FEED, EVENTS, strict=True) if event is not None]
    return [row for row, _ in rows], np.array([event for _, event in rows])


@pytest.mark.parametrize("kind", KINDS)
def test_a_search_by_stories_finds_the_better_parameters(kind: str) -> None:
    rows, events = known()
    search = GridSearchCV(
        StoryClusterer(), {"story": [0.5, 0.99], "jaccard": np.array([0.5, 1.0])}, scoring=bcubed_scorer, cv=GroupKFold(3),
        error_score="raise",
    )  # fmt: skip
    search.fit(KINDS[kind](rows), events, groups=events)
    assert search.best_params_["story"] == 0.5
    again = StoryClusterer(**search.best_params_)
    assert search.best_estimator_.labels_.tolist() == again.fit_predict(rows).tolist()
    scores = dict(zip(map(str, search.cv_results_["params"]), search.cv_results_["mean_test_score"], strict=True))
    assert max(scores.values()) == search.best_score_ > min(scores.values()) + 0.05


def test_scores_of_folds_are_those_of_their_articles() -> None:
    rows, events = known()
    folds = GroupKFold(3)
    found = cross_val_score(StoryClusterer(), rows, events, groups=events, cv=folds, scoring=bcubed_scorer, n_jobs=2)
    for score, (_, test) in zip(found, folds.split(rows, events, events), strict=True):
        labels = cluster([rows[i] for i in test]).labels("story")
        assert score == evaluate(labels, events[test].tolist()).bcubed_f1
        assert not set(events[test]) & set(np.delete(events, test))  # no story is cut in two


def test_a_search_within_a_pipeline_sets_nested_parameters() -> None:
    rows, events = known()
    road = Pipeline([("texts", FunctionTransformer(bodies)), ("stories", StoryClusterer())])
    grid = {"stories__level": ["exact", "story"], "texts__kw_args": [{"words": 3}, {"words": None}]}
    search = GridSearchCV(road, grid, scoring=bcubed_scorer, cv=GroupKFold(2), error_score="raise")
    search.fit(rows, events, groups=events)
    assert search.best_params_ == {"stories__level": "story", "texts__kw_args": {"words": None}}
    assert clone(road).set_params(stories__jaccard=0.9).get_params()["stories__jaccard"] == 0.9
    assert road.get_params()["stories__jaccard"] == Settings().jaccard


def bodies(rows: list[dict[str, Any]], words: int | None = None) -> list[str]:
    """The first words of every article."""
    return [" ".join(row["content"].split()[:words]) for row in rows]
