"""`StoryClusterer`: the pipeline as a scikit-learn estimator. No algorithm of its own.

Source of the contract: scikit-learn, "Developing scikit-learn estimators".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin

from clusterer.pipeline import cluster
from clusterer.records import Article
from clusterer.settings import Settings

_D = Settings()


class StoryClusterer(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Groups texts by story; parameters are those of `clusterer.Settings`, checked in `fit`.

    Attributes:
        labels_: int64 (n,), a group number an article, numbered in order of first appearance.
        clustering_: the whole `clusterer.Clustering`.

    Example:
        >>> first = "أعلنت وزارة التعليم اليوم موعد بدء الدراسة في المدارس الحكومية كافة"
        >>> StoryClusterer().fit_predict([first, first, "فاز الفريق على ضيفه بهدفين في مباراة الأمس على ملعبه"]).tolist()
        [0, 0, 1]
    """

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
        containment: float = _D.containment,
        opening: float = _D.opening,
        recall: float = _D.recall,
        sample: int = _D.sample,
        bucket_cap: int = _D.bucket_cap,
        story: float = _D.story,
        story_slots: int = _D.story_slots,
        min_words: int = _D.min_words,
        representative: str = _D.representative,
        threads: int = _D.threads,
        chunk: int = _D.chunk,
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
        self.containment = containment
        self.opening = opening
        self.recall = recall
        self.sample = sample
        self.bucket_cap = bucket_cap
        self.story = story
        self.story_slots = story_slots
        self.min_words = min_words
        self.representative = representative
        self.threads = threads
        self.chunk = chunk

    def fit(self, X: Iterable[Article | Mapping[str, Any] | str], y: object = None) -> StoryClusterer:
        """Group the articles of X: `Article`s, mappings or texts. `y` is ignored.

        Raises:
            SettingsError: a parameter is out of range.
            InputError: an item of X is none of these.
        """
        settings = Settings(**self.get_params())
        self.clustering_ = cluster(X, settings)
        _, first, numbers = np.unique(
            np.array(self.clustering_.labels(settings.level), dtype=object), return_index=True, return_inverse=True
        )
        self.labels_ = np.argsort(np.argsort(first))[numbers]
        return self

    def __sklearn_tags__(self) -> Any:
        """Texts in, not numbers."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags
