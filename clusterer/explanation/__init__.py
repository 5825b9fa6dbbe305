"""Why two articles are together, or not.

Tells what a run measured, with the passages it measured on. Never measures otherwise than the run did.
"""

from clusterer.explanation.evidence import CopyEvidence, Explanation, StoryEvidence
from clusterer.explanation.explainer import Explainer, explain

__all__ = ["CopyEvidence", "Explainer", "Explanation", "StoryEvidence", "explain"]
