"""Story clustering for Arabic news: exact copies within near-duplicates within stories."""

import logging
from typing import TYPE_CHECKING

from clusterer import deprecated
from clusterer.errors import ClustererError, InputError, OutputError, SettingsError
from clusterer.lazy import importer

if TYPE_CHECKING:
    from clusterer.articles import Article
    from clusterer.copies.candidates import shingles_of
    from clusterer.deduplication import Deduplication, Removal, dedup
    from clusterer.estimator import StoryClusterer, bcubed_scorer
    from clusterer.evaluation.gold import Gold, read_gold
    from clusterer.evaluation.tuning import Tuning, tune
    from clusterer.explanation.evidence import Explanation
    from clusterer.explanation.explainer import Explainer, explain
    from clusterer.index.story_index import StoryIndex
    from clusterer.io.read_articles import read
    from clusterer.paragraphs import ParagraphDeduplication, dedup_paragraphs
    from clusterer.pipeline import cluster
    from clusterer.results import Assignment, Clustering
    from clusterer.settings import Settings

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
    "shingles_of",
    "tune",
]

# Imported when first asked for, so that nobody waits for what others use: scikit-learn alone takes a second, NumPy a tenth.
# A type checker reads the imports above instead, and so knows each name's type and refuses names that are not there.
if not TYPE_CHECKING:
    __getattr__ = importer(
        __name__,
        {
            "articles": ["Article"],
            "copies.candidates": ["shingles_of"],
            "deduplication": ["Deduplication", "Removal", "dedup"],
            "estimator": ["StoryClusterer", "bcubed_scorer"],
            "evaluation.gold": ["Gold", "read_gold"],
            "evaluation.tuning": ["Tuning", "tune"],
            "explanation.evidence": ["Explanation"],
            "explanation.explainer": ["Explainer", "explain"],
            "index.story_index": ["StoryIndex"],
            "io.read_articles": ["read"],
            "paragraphs": ["ParagraphDeduplication", "dedup_paragraphs"],
            "pipeline": ["cluster"],
            "results": ["Assignment", "Clustering"],
            "settings": ["Settings"],
        },
        packages=["evaluation", "index", "io", "lsh", "spark"],
    )

logging.getLogger(__name__).addHandler(logging.NullHandler())  # silent, unless who uses it wants to hear
deprecated.install()
