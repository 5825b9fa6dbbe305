"""Ids of stories, which last.

Groups of texts come as average linkage makes them, without a memory; here each gets the id of the story that most of its
articles were in. Forms no groups.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

from clusterer.articles import free_story_id
from clusterer.index.articles import is_article
from clusterer.index.database import Database

Kind = Literal["merged", "split", "moved", "ended"]


@dataclass(frozen=True, slots=True)
class Change:
    """What an addition or a removal did to a story that was there before.

    Attributes:
        kind: "merged": the story is now part of another one, its id an alias of that one's; "split": a part of it is now
            a story of its own; "moved": a part of it went to another story; "ended": nothing of it is left.
        story: the id that these articles had.
        into: the id that they have now; "" where the story has ended.
        articles: their ids; none where the story has ended.
    """

    kind: Kind
    story: str
    into: str
    articles: tuple[str, ...]


class _Member(NamedTuple):
    """An article that was in a story before."""

    article: int
    story: int
    group: int


def assign_story_ids(
    database: Database,
    groups: list[list[int]],
    former_story: dict[int, int],
    inherited_story: dict[int, int],
    stories: set[int],
) -> tuple[list[Change], set[int]]:
    """Give each new group of texts its story, and store it.

    Args:
        database: of the index, open for writing.
        groups: the centres of the texts of each.
        former_story: the story of documents whose text was taken away.
        inherited_story: the story of articles that are new versions, or were read anew.
        stories: all to which something happened; those of which nothing is left end.

    Returns:
        What became of stories that were there before, and all stories that may have other texts now, or aliases.
    """
    group_of_text = {x: g for g, group in enumerate(groups) for x in group}
    before = dict(database.among("SELECT centre, story FROM text WHERE centre IN {}", list(group_of_text)))
    members: list[_Member] = []
    first_article = [0] * len(groups)
    for article, document, centre in database.among(
        "SELECT article.number, document, centre FROM document JOIN article ON document = document.number"
        " WHERE centre IN {} ORDER BY article.number",
        list(group_of_text),
    ):
        group = group_of_text[centre]
        first_article[group] = first_article[group] or article
        if story := inherited_story.get(article) or former_story.get(document) or before[centre]:
            members.append(_Member(article, story, group))
    heir = _heirs(members, first_article)
    story_of_group, alias_of = _kept_stories(heir, len(groups))
    opened = {g for g, story in enumerate(story_of_group) if not story}
    parents: dict[int, set[int]] = {g: set() for g in sorted(opened, key=lambda g: first_article[g])}
    for member in members:
        if member.group in opened:
            parents[member.group].add(member.story)
    for g, number in _open_stories(database, parents, first_article, heir, story_of_group).items():
        story_of_group[g] = number
    database.write_many(
        "UPDATE text SET story = ? WHERE centre = ?",
        [(story_of_group[g], x) for x, g in group_of_text.items() if before[x] != story_of_group[g]],
    )
    database.write_many(
        "UPDATE story SET into_story = ?2, crc = crc_of_story(id, ?2) WHERE number = ?1 OR into_story = ?1",
        alias_of.items(),
    )
    changes = _changes(database, members, story_of_group, alias_of, opened)
    ended = _end_stories(database, sorted(stories - heir.keys()))
    return changes + ended, stories.union(before.values(), story_of_group, heir)


def _heirs(members: list[_Member], first_article: list[int]) -> dict[int, int]:
    """By story the group that keeps it: that of most of its articles, of equal ones that with the earliest article."""
    votes: dict[int, Counter[int]] = {}
    for member in members:
        votes.setdefault(member.story, Counter())[member.group] += 1
    return {story: min(parts, key=lambda g: (-parts[g], first_article[g])) for story, parts in votes.items()}


def _kept_stories(heir: dict[int, int], count: int) -> tuple[list[int], dict[int, int]]:
    """The story of each of `count` groups, 0 where it keeps none, and by story that is merged the one it becomes part of."""
    story_of_group, alias_of = [0] * count, {}
    for story, group in sorted(heir.items()):
        if story_of_group[group]:
            alias_of[story] = story_of_group[group]
        else:
            story_of_group[group] = story
    return story_of_group, alias_of


def _open_stories(
    database: Database,
    parents: dict[int, set[int]],
    first_article: list[int],
    heir: dict[int, int],
    story_of_group: list[int],
) -> dict[int, int]:
    """Open a story for each group that keeps none, under the id of its first article.

    Args:
        database: of the index, open for writing.
        parents: by group the stories that it was split from.
        first_article: number of the first article of every group.
        heir: by story the group that keeps it.
        story_of_group: the story of every group, 0 where it keeps none.

    Returns:
        Numbers of stories, by group.
    """
    opened: dict[int, int] = {}
    id_of_article = dict(
        database.among("SELECT number, id FROM article WHERE number IN {}", [first_article[g] for g in parents])
    )
    taken = {
        id: (number, into)
        for id, number, into in database.among_texts(
            "SELECT id, number, into_story FROM story WHERE id IN {}", list(id_of_article.values())
        )
    }

    def is_taken(name: str, id: str) -> bool:
        if id == name or id in taken:
            return bool(taken.get(id, (0, None))[0])
        return bool(database.rows("SELECT number FROM story WHERE id = ?", id)) or is_article(database, id)

    rows = []
    for group, former in parents.items():
        id = id_of_article[first_article[group]]
        number, into = taken.get(id, (0, None))
        if into is not None and into in {story_of_group[heir[s]] for s in former if s in heir} | former:
            database.write(
                "UPDATE story SET into_story = NULL, crc = crc_of_story(id, NULL) WHERE number = ?", number
            )  # it is its own again
            taken[id] = (number, None)
            opened[group] = number
            continue
        id = free_story_id(id, partial(is_taken, id))
        database.state["story"] += 1
        opened[group] = database.state["story"]
        taken[id] = (opened[group], None)
        rows.append((opened[group], id))
    database.write_many("INSERT INTO story VALUES (?1, ?2, NULL, crc_of_story(?2, NULL))", rows)
    return opened


def _changes(
    database: Database,
    members: list[_Member],
    story_of_group: list[int],
    alias_of: dict[int, int],
    opened: set[int],
) -> list[Change]:
    """What became of the articles that are in another story than before."""
    steps: dict[tuple[int, int, Kind], list[int]] = {}
    for article, story, group in members:
        now = story_of_group[group]
        if story != now:
            kind: Kind = "merged" if alias_of.get(story) == now else "split" if group in opened else "moved"
            steps.setdefault((story, now, kind), []).append(article)
    if not steps:
        return []
    ids = dict(database.among("SELECT number, id FROM story WHERE number IN {}", [x for k in steps for x in k[:2]]))
    articles = dict(
        database.among("SELECT number, id FROM article WHERE number IN {}", [x for m in steps.values() for x in m])
    )
    return [
        Change(kind, ids[old], ids[now], tuple(articles[x] for x in numbers))
        for (old, now, kind), numbers in sorted(steps.items())
    ]


def _end_stories(database: Database, stories: list[int]) -> list[Change]:
    """Delete stories that nothing is left of, and their aliases."""
    changes = []
    for number, id in database.among("SELECT number, id FROM story WHERE number IN {}", stories):
        changes.append(Change("ended", id, "", ()))
        database.write("DELETE FROM story WHERE number = ?1 OR into_story = ?1", number)
    return changes
