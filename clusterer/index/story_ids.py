"""Naming: ids of articles, and ids of stories, which last.

Groups of texts come as average linkage makes them, without a memory; here each gets the id of the story that most of its articles
were in. Forms no groups.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Literal

from clusterer.articles import free_ids
from clusterer.index.database import Store


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

    kind: Literal["merged", "split", "moved", "ended"]
    story: str
    into: str
    articles: tuple[str, ...]


class Naming:
    """Which id each new group of texts has, and what that changes. Ids have a memory: see `Change`."""

    def __init__(
        self,
        store: Store,
        groups: list[list[int]],
        was: dict[int, int],
        inherited: dict[int, int],
        stories: set[int],
    ) -> None:
        """Name groups of texts.

        Args:
            store: of the index.
            groups: the texts of each.
            was: the story of documents whose text was taken away.
            inherited: the story of articles that are new versions, or were read anew.
            stories: all to which something happened.
        """
        self._store = store
        self.changes: list[Change] = []
        flat = [x for group in groups for x in group]
        of_text = {x: i for i, group in enumerate(groups) for x in group}
        before = dict(self._store.among("SELECT centre, story FROM text WHERE centre IN {}", flat))
        # How many articles each group has of each story that was there, and its first article.
        votes: dict[int, Counter[int]] = {}
        members: list[tuple[int, int, int]] = []  # article, story before, group
        first = [0] * len(groups)
        for article, document, centre in self._store.among(
            "SELECT article.number, document, centre FROM document JOIN article ON document = document.number"
            " WHERE centre IN {} ORDER BY article.number",
            flat,
        ):
            group = of_text[centre]
            first[group] = first[group] or article
            if story := inherited.get(article) or was.get(document) or before[centre]:
                members.append((article, story, group))
                votes.setdefault(story, Counter())[group] += 1
        # A story goes with most of its articles, of equal parts with the one that has the earliest.
        heir = {story: min(parts, key=lambda g: (-parts[g], first[g])) for story, parts in votes.items()}
        won: dict[int, list[int]] = {}
        for story, group in sorted(heir.items()):
            won.setdefault(group, []).append(story)
        into: dict[int, int] = {}
        for stories_won in won.values():
            for merged in stories_won[1:]:
                into[merged] = stories_won[0]
        story_of = [won[g][0] if g in won else 0 for g in range(len(groups))]
        parents: dict[int, set[int]] = {}
        for _, story, group in members:
            parents.setdefault(group, set()).add(story)
        opened = {g for g, story in enumerate(story_of) if not story}
        fresh = self._open(
            {g: (first[g], parents.get(g, set())) for g in sorted(opened, key=lambda g: first[g])},
            heir,
            story_of,
        )
        for g, number in fresh.items():
            story_of[g] = number
        self._store.write_many(
            "UPDATE text SET story = ? WHERE centre = ?",
            [(story_of[of_text[x]], x) for x in flat if before[x] != story_of[of_text[x]]],
        )
        self._store.write_many("UPDATE story SET into_story = ?2 WHERE number = ?1 OR into_story = ?1", into.items())
        self._tell(members, story_of, into, opened)
        self._end(sorted((stories | votes.keys()) - votes.keys()))

    def _open(
        self, groups: dict[int, tuple[int, set[int]]], heir: dict[int, int], story_of: list[int]
    ) -> dict[int, int]:
        """Story numbers for groups that have none: by group its first article and the stories it was split from."""
        store, opened = self._store, {}
        name = dict(store.among("SELECT number, id FROM article WHERE number IN {}", [a for a, _ in groups.values()]))
        taken = {
            id: (number, into)
            for id, number, into in store.among_texts(
                "SELECT id, number, into_story FROM story WHERE id IN {}", list(name.values())
            )
        }

        def is_taken(name: str, id: str) -> bool:
            found = id != name and store.rows("SELECT number FROM story WHERE id = ?", id)
            return bool(found) or taken.get(id, (0, None))[0] != 0

        rows = []
        for group, (article, parents) in groups.items():
            id = name[article]
            number, into = taken.get(id, (0, None))
            if into is not None and into in {story_of[heir[s]] for s in parents if s in heir} | parents:
                store.write("UPDATE story SET into_story = NULL WHERE number = ?", number)  # it is its own again
                taken[id] = (number, None)
                opened[group] = number
                continue
            id = next(free_ids(id, partial(is_taken, id)))
            store.state["story"] += 1
            opened[group] = store.state["story"]
            taken[id] = (opened[group], None)
            rows.append((opened[group], id))
        store.write_many("INSERT INTO story VALUES (?, ?, NULL)", rows)
        return opened

    def _tell(
        self, members: list[tuple[int, int, int]], story_of: list[int], into: dict[int, int], opened: set[int]
    ) -> None:
        steps: dict[tuple[int, int, str], list[int]] = {}
        for article, story, g in members:
            if story != story_of[g]:
                merged = into.get(story) == story_of[g]
                kind = "merged" if merged else "split" if g in opened else "moved"
                steps.setdefault((story, story_of[g], kind), []).append(article)
        if not steps:
            return
        ids = dict(
            self._store.among("SELECT number, id FROM story WHERE number IN {}", [x for k in steps for x in k[:2]])
        )
        articles = dict(
            self._store.among(
                "SELECT number, id FROM article WHERE number IN {}", [x for m in steps.values() for x in m]
            )
        )
        for (old, now, kind), moved in sorted(steps.items()):
            self.changes.append(Change(kind, ids[old], ids[now], tuple(articles[x] for x in moved)))  # type: ignore[arg-type]

    def _end(self, stories: list[int]) -> None:
        """Stories that nothing is left of."""
        for number, id in self._store.among("SELECT number, id FROM story WHERE number IN {}", stories):
            self.changes.append(Change("ended", id, "", ()))
            self._store.write("DELETE FROM story WHERE number = ?1 OR into_story = ?1", number)
