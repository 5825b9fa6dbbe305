"""Stories of an index as the lines that `cluster --stories` writes, with what only an index knows behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from clusterer.index import Story, StoryIndex
from clusterer.report.keywords import TEXTS, key_words
from clusterer.report.story_table import StoryRow

COLUMNS = (*StoryRow._fields, "updated", "recent", "aliases")
_PART = 500  # stories whose texts are held at once


def story_lines(store: StoryIndex, stories: Sequence[Story]) -> Iterator[dict[str, Any]]:
    """Lines of `COLUMNS`, in the order given.

    Args:
        store: that the stories are of; texts of articles that went meanwhile give no key words.
        stories: these.
    """
    for start in range(0, len(stories), _PART):
        part = stories[start : start + _PART]
        leads = [_leads(story) for story in part]
        texts = store.articles([id for ids in leads for id in ids])
        words = key_words([[texts[id] for id in ids if id in texts] for ids in leads], store.settings)
        for story, found in zip(part, words, strict=True):
            line = story.as_dict() | {"key_words": found}
            yield {name: line[name] for name in COLUMNS}


def _leads(story: Story) -> list[str]:
    """Ids of the first articles of the first independent texts of a story, in order of arrival."""
    leads: dict[str, str] = {}
    for a in story.assignments:
        leads.setdefault(a.copy, a.id)
    return [*leads.values()][:TEXTS]
