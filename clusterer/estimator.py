"""`StoryClusterer`: the pipeline as a scikit-learn estimator; `bcubed_scorer`, to search its parameters. No algorithm of its own.

Source of the contract: scikit-learn, "Developing scikit-learn estimators".
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin, clone

from clusterer.errors import InputError, MissingNameError
from clusterer.evaluation.metrics import evaluate
from clusterer.io.inputs import Articles
from clusterer.pipeline import cluster
from clusterer.settings import Settings, refuse_unknown

__all__ = ["StoryClusterer", "bcubed_scorer"]

_D = Settings()


class StoryClusterer(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Groups texts by story; parameters are those of `clusterer.Settings`, checked in `fit`.

    There is no `predict`: groups are those of the articles given, and a new article can bring two of them together. What a new
    one is like, `clusterer.StoryIndex` tells. There is no `n_features_in_`: articles are no rows of numbers.

    Attributes:
        labels_: int64 (n,), a group number an article, numbered in order of first appearance.
        clustering_: the whole `clusterer.Clustering`.

    Example:
        >>> first = "أعلنت وزارة التعليم اليوم موعد بدء الدراسة في المدارس الحكومية كافة"
        >>> StoryClusterer().fit_predict([first, first, "فاز الفريق على ضيفه بهدفين في مباراة الأمس على ملعبه"]).tolist()
        [0, 0, 1]
    """

    @refuse_unknown
    def __init__(
        self,
        level: str = _D.level,
        profile: str = _D.profile,
        boilerplate: str = _D.boilerplate,
        unit: str = _D.unit,
        size: int = _D.size,
        scheme: str = _D.scheme,
        slots: int = _D.slots,
        seed: int = _D.seed,
        jaccard: float = _D.jaccard,
        cuts: bool = _D.cuts,
        containment: float = _D.containment,
        cut_ratio: float = _D.cut_ratio,
        opening: float = _D.opening,
        series: str = _D.series,
        window: float = _D.window,
        recall: float = _D.recall,
        sample: int = _D.sample,
        bucket_cap: int = _D.bucket_cap,
        story: float = _D.story,
        story_slots: int = _D.story_slots,
        weights: str = _D.weights,
        min_words: int = _D.min_words,
        representative: str = _D.representative,
        threads: int = _D.threads,
        chunk: int = _D.chunk,
        memory: str = _D.memory,
        tmp: str = _D.tmp,
    ) -> None:
        self.level = level
        self.profile = profile
        self.boilerplate = boilerplate
        self.unit = unit
        self.size = size
        self.scheme = scheme
        self.slots = slots
        self.seed = seed
        self.jaccard = jaccard
        self.cuts = cuts
        self.containment = containment
        self.cut_ratio = cut_ratio
        self.opening = opening
        self.series = series
        self.window = window
        self.recall = recall
        self.sample = sample
        self.bucket_cap = bucket_cap
        self.story = story
        self.story_slots = story_slots
        self.weights = weights
        self.min_words = min_words
        self.representative = representative
        self.threads = threads
        self.chunk = chunk
        self.memory = memory
        self.tmp = tmp

    def fit(self, X: Articles, y: object = None) -> StoryClusterer:
        """Group the articles of X, which may be all that `clusterer.cluster` takes. `y` is ignored.

        Raises:
            SettingsError: a parameter is out of range.
            InputError: an item of X is no article.
        """
        # Grids made with NumPy hold its numbers.
        chosen = {name: x.item() if isinstance(x, np.generic) else x for name, x in self.get_params().items()}
        settings = Settings(**chosen)
        self.clustering_ = cluster(X, settings)
        _, first, numbers = np.unique(
            np.array(self.clustering_.labels(settings.level), dtype=object), return_index=True, return_inverse=True
        )
        self.labels_ = np.argsort(np.argsort(first))[numbers]
        return self

    if not TYPE_CHECKING:  # a type checker knows the names itself

        def __getattr__(self, name: str) -> Any:
            if name in ("labels_", "clustering_"):
                raise MissingNameError(f"{name} is not there before fit; cure: fit(articles) first")
            if name == "predict":
                raise MissingNameError(
                    "a StoryClusterer has no 'predict', as a new article changes groups; cure: fit_predict(all articles), or"
                    " StoryIndex.query for a new one"
                )
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __sklearn_tags__(self) -> Any:
        """Texts in, not numbers."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def bcubed_scorer(estimator: BaseEstimator, X: Any, y: Iterable[Hashable]) -> float:
    """Return B-cubed F1 of the groups that a fresh clone of the estimator finds in X, for `scoring=` in searches and validation.

    Clusterers have no `predict`, so what was fitted on another fold is not used. Fold by stories, `GroupKFold` with
    `groups=y`: a story that is cut in two cannot be found whole.

    Args:
        estimator: `StoryClusterer`, or a `Pipeline` that ends in one.
        X: articles.
        y: of each its story. Where it is unknown (None, NaN, NA, or -1, scikit-learn's mark of the unlabelled) the article is
            grouped with the others, and does not count.

    Returns:
        F1 in [0, 1], over the articles whose story is known.

    Raises:
        InputError: y is not as long as X, or knows no story.

    Example:
        >>> first = "أعلنت وزارة التعليم اليوم موعد بدء الدراسة في المدارس الحكومية كافة"
        >>> bcubed_scorer(StoryClusterer(), [first, first, first + " غدا"], ["school", "school", None])
        1.0
    """
    found, stories = clone(estimator).fit_predict(X).tolist(), list(y)
    if len(found) != len(stories):
        raise InputError(
            f"{len(found)} articles and {len(stories)} labels; cure: one label an article, None if unknown"
        )
    known = [(ours, theirs) for ours, theirs in zip(found, stories, strict=True) if _known(theirs)]
    if not known:
        raise InputError(f"none of {len(stories)} labels is known; cure: labels in y")
    return evaluate(*zip(*known, strict=True)).bcubed_f1


def _known(label: Hashable) -> bool:
    try:
        return label is not None and bool(label == label) and label != -1
    except TypeError:  # pandas.NA is neither equal nor different
        return False
