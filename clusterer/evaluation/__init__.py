"""Gold labels, metrics, tuning of settings, and pairs for a person to label.

Judges results. Never changes how groups are formed.
"""

from typing import TYPE_CHECKING

from clusterer.lazy import importer

if TYPE_CHECKING:
    from clusterer.evaluation.gold import Gold, Judged, read_gold
    from clusterer.evaluation.labeling import PairSampler
    from clusterer.evaluation.metrics import Mistake, PairScores, Scores, bcubed, evaluate, evaluate_pairs, mistakes
    from clusterer.evaluation.training import CrossValidation, Retraining, retrain
    from clusterer.evaluation.tuning import Tuning, tune

__all__ = [
    "CrossValidation",
    "Gold",
    "Judged",
    "Mistake",
    "PairSampler",
    "PairScores",
    "Retraining",
    "Scores",
    "Tuning",
    "bcubed",
    "evaluate",
    "evaluate_pairs",
    "mistakes",
    "read_gold",
    "retrain",
    "tune",
]

# Imported when first asked for: metrics need none of what tuning needs.
if not TYPE_CHECKING:
    __getattr__ = importer(
        __name__,
        {
            "gold": ["Gold", "Judged", "read_gold"],
            "labeling": ["PairSampler"],
            "metrics": ["Mistake", "PairScores", "Scores", "bcubed", "evaluate", "evaluate_pairs", "mistakes"],
            "training": ["CrossValidation", "Retraining", "retrain"],
            "tuning": ["Tuning", "tune"],
        },
    )
