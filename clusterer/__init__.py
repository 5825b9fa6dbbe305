"""Story clustering for Arabic news: exact copies within near-duplicates within stories."""

from clusterer.articles import Article
from clusterer.errors import ClustererError, InputError, OutputError, SettingsError
from clusterer.explanation.evidence import Explanation
from clusterer.explanation.explainer import Explainer, explain
from clusterer.pipeline import cluster
from clusterer.results import Assignment, Clustering
from clusterer.settings import Settings

__version__ = "0.1.0"

__all__ = [
    "Article",
    "Assignment",
    "ClustererError",
    "Clustering",
    "Explainer",
    "Explanation",
    "Gold",
    "InputError",
    "OutputError",
    "Settings",
    "SettingsError",
    "StoryClusterer",
    "StoryIndex",
    "Tuning",
    "bcubed_scorer",
    "cluster",
    "explain",
    "read_gold",
    "tune",
]


def __getattr__(name: str) -> object:
    # scikit-learn takes a second to import; only those who ask for the estimator wait for it; likewise for the others.
    if name in ("StoryClusterer", "bcubed_scorer"):
        from clusterer import estimator

        return getattr(estimator, name)
    if name == "StoryIndex":
        from clusterer.index.story_index import StoryIndex

        return StoryIndex
    if name in ("Tuning", "tune"):
        from clusterer.evaluation import tuning

        return getattr(tuning, name)
    if name in ("Gold", "read_gold"):
        from clusterer.evaluation import gold

        return getattr(gold, name)
    raise AttributeError(f"module 'clusterer' has no attribute {name!r}")
