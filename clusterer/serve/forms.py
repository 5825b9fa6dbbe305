"""The forms of the JSON API: what is asked, and what is answered. Names are those of the lines that the commands write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from clusterer.index import StoryOrder
from clusterer.results import Relation

Id = Annotated[str, Field(min_length=1, max_length=4000, description="as the index has it")]


def _since(what: str) -> Any:
    """A point in time, or so long ago; `what` says whose."""
    return Field(max_length=40, description=f"{what}: an age such as 24h or 7d, or a date", examples=["24h"])


Since = Annotated[str | None, _since("not older than that by the dates of articles")]
Until = Annotated[str | None, _since("older than that, with `since`, which counts back from it where it is a date")]
OUTLET = 1000
"""Letters of an outlet's name."""
Outlet = Annotated[
    str | None, Field(min_length=1, max_length=OUTLET, description="with an article of this outlet then")
]
Arrival = Annotated[str | None, _since("came to the index since then, whatever their dates")]
Size = Annotated[int, Field(ge=1, le=1_000_000, description="least number of articles")]
MOST = 200
"""Stories, or articles, of one answer."""
Limit = Annotated[int, Field(ge=1, le=MOST, description=f"no more than so many, at most {MOST}")]
Words = Annotated[str, Field(max_length=400, description="all of them, as letters are folded; the first 8 count")]
Sort = Annotated[
    StoryOrder, Field(description="with the latest article, most articles, most of those asked for, the last that came")
]


@dataclass(frozen=True, slots=True)
class StoryForm:
    """A story: a line of `clusterer index stories`, but for the key words."""

    story: str
    title: str
    first: datetime
    last: datetime
    articles: int
    independent_texts: int
    outlets: list[str]
    first_outlet: str | None
    representative: str
    follows: str | None
    updated: datetime
    recent: int
    aliases: list[str]


@dataclass(frozen=True, slots=True)
class AssignmentForm:
    """What an article is: the fields of a line of `clusterer cluster`."""

    id: str
    story: str
    copy: str
    exact: str
    representative: bool
    linked_to: str | None
    relation: Relation | None
    score: float | None
    evidence: dict[str, float] | None


@dataclass(frozen=True, slots=True)
class MemberForm(AssignmentForm):
    """An article of a story."""

    title: str
    source: str
    url: str
    date: datetime | None


@dataclass(frozen=True, slots=True)
class ArticleForm(MemberForm):
    """An article with its text."""

    text: str


@dataclass(frozen=True, slots=True)
class WholeStoryForm(StoryForm):
    """A story with its articles, in order of arrival."""

    members: list[MemberForm]


@dataclass(frozen=True, slots=True)
class StoriesForm:
    """Stories in an order."""

    stories: list[StoryForm]


@dataclass(frozen=True, slots=True)
class FoundForm(StoryForm):
    """A story that a search found, and how many of its articles, among the latest that were found, hold the words."""

    matches: int


@dataclass(frozen=True, slots=True)
class SearchForm:
    """What a search found, and how many articles can be searched by now."""

    stories: list[FoundForm]
    searched: int


@dataclass(frozen=True, slots=True)
class ClassifiedForm(AssignmentForm):
    """What a new article would be; nothing is stored."""

    story_title: str | None


@dataclass(frozen=True, slots=True)
class ChangedForm(StoryForm):
    """A story with the ids of its articles that came, none where articles only went or moved, and the ids of all it has now."""

    new: list[str]
    ids: list[str]


@dataclass(frozen=True, slots=True)
class GoneForm:
    """An article that is there no more, and the id of the story that it was in."""

    id: str
    status: Literal["removed", "expired"]
    of_story: str


@dataclass(frozen=True, slots=True)
class ChangesForm:
    """Stories that articles came to or went from, what went, and what to ask after next time, with the history of this number."""

    stories: list[ChangedForm]
    gone: list[GoneForm]
    next: int
    history: str


@dataclass(frozen=True, slots=True)
class ErrorForm:
    """What is wrong: the value, the rule and the cure."""

    error: str


class ArticleQuestion(BaseModel):
    """A new article."""

    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(max_length=500_000)]
    title: Annotated[str, Field(max_length=10_000)] = ""
    source: Annotated[str, Field(max_length=1000)] = ""
    url: Annotated[str, Field(max_length=4000)] = ""
    id: Annotated[str, Field(max_length=4000)] = ""
    date: datetime | None = None
