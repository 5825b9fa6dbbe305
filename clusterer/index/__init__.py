"""The living index: one SQLite file that takes articles as they come and keeps the ids of stories.

Owns the file, its transactions and what lasts between batches. Verifies and scores by the stages of the batch run.
"""

from clusterer.index.arrivals import Arrived
from clusterer.index.gone import Gone
from clusterer.index.outcomes import Added, Removed
from clusterer.index.rankings import StoryOrder
from clusterer.index.story_ids import Change
from clusterer.index.story_index import StoryIndex
from clusterer.index.told_stories import Story

__all__ = ["Added", "Arrived", "Change", "Gone", "Removed", "Story", "StoryIndex", "StoryOrder"]
