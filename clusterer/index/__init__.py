"""The living index: one SQLite file that takes articles as they come and keeps the ids of stories.

Owns the file, its transactions and what lasts between batches. Verifies and scores by the stages of the batch run.
"""

from clusterer.index.story_index import Added, Removed, StoryIndex

__all__ = ["Added", "Removed", "StoryIndex"]
