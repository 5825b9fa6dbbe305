"""Story clustering for Arabic news: exact copies within near-duplicates within stories."""

from typing import TYPE_CHECKING

from clusterer import deprecated
from clusterer.articles import Article
from clusterer.deduplication import Deduplication, Removal, dedup
from clusterer.errors import ClustererError, InputError, OutputError, SettingsError
from clusterer.explanation.evidence import Explanation
from clusterer.explanation.explainer import Explainer, explain
from clusterer.lazy import importer
from clusterer.paragraphs import ParagraphDeduplication, dedup_paragraphs
from clusterer.pipeline import cluster
from clusterer.results import Assignment, Clustering
from clusterer.settings import Settings

if TYPE_CHECKING:
    from clusterer.estimator import StoryClusterer, bcubed_scorer
    from clusterer.evaluation.gold import Gold, read_gold
    from clusterer.evaluation.tuning import Tuning, tune
    from clusterer.index.story_index import StoryIndex
    from clusterer.io.feed import read

__version__ = "0.1.0"

__all__ = [
    "Article",
    "Assignment",
    "ClustererError",
    "Clustering",
    "Deduplication",
    "Explainer",
    "Explanation",
    "Gold",
    "InputError",
    "OutputError",
    "ParagraphDeduplication",
    "Removal",
    "Settings",
    "SettingsError",
    "StoryClusterer",
    "StoryIndex",
    "Tuning",
    "bcubed_scorer",
    "cluster",
    "dedup",
    "dedup_paragraphs",
    "explain",
    "read",
    "read_gold",
    "tune",
]

# Imported when first asked for, so that nobody else waits: scikit-learn alone takes a second. A type checker reads the
# imports above instead, and so knows each name's type and refuses names that are not there.
if not TYPE_CHECKING:
    __getattr__ = importer(
        __name__,
        {
            "estimator": ["StoryClusterer", "bcubed_scorer"],
            "evaluation.gold": ["Gold", "read_gold"],
            "evaluation.tuning": ["Tuning", "tune"],
            "index.story_index": ["StoryIndex"],
            "io.feed": ["read"],
        },
    )

deprecated.install()
