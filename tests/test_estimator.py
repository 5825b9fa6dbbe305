"""The estimator's contract, as far as it can hold for texts."""

from __future__ import annotations

import inspect
import pickle

import numpy as np
import pytest
from made import text_of
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks

from clusterer import Article, InputError, Settings, SettingsError, StoryClusterer, cluster

pytestmark = pytest.mark.usefixtures("loops")

TEXTS = [text_of(1, 60), text_of(2, 60), text_of(1, 60), "", text_of(2, 58), ""]

# Those of scikit-learn's checks that make no numbers to fit on.
CHECKS = [
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_get_params_invariance",
    "check_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_tags_renamed",
    "check_mixin_order",
    "check_valid_tag_types",
]


@pytest.mark.parametrize("check", CHECKS)
def test_checks_of_scikit_learn(check: str) -> None:
    function = getattr(estimator_checks, check, None)
    if function is None:
        pytest.skip(f"this scikit-learn has no {check}")
    assert list(inspect.signature(function).parameters)[:2] == ["name", "estimator_orig"] or function
    function("StoryClusterer", StoryClusterer())


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
