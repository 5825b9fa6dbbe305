"""The records that a run gives: one `Assignment` an article, and the `Clustering` that holds them.

Plain frozen data with derived counts; no I/O, no normalising, no scoring.

Array letters: `n` articles, `x` of them with evidence of a kind, `f` features.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast, get_args, overload

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.texts import take_texts
from clusterer.errors import InputError, MissingNameError, did_you_mean

Level = Literal["exact", "copy", "story"]
Relation = Literal["exact", "copy", "contained", "story", "version"]
"""What ties two articles of one group; "version" only where the caller takes articles of one URL for one."""
PairRelation = Literal["exact", "copy", "contained", "quoted", "series", "story"]
"""What a verified pair is: ties, and what looks like one. A quotation further down and a series never group."""
Backend = Literal["pandas", "polars", "pyarrow"]
LEVELS: tuple[Level, ...] = ("exact", "copy", "story")


class Assignment(NamedTuple):
    """Where one article ended: one line of `clusters.jsonl`.

    Attributes:
        id: the article's id, unique within the clustering.
        story: id of the story's earliest member. Equal to `copy` below the story level.
        copy: id of the copy group's earliest member.
        exact: id of the earliest article with the same words in the same order.
        representative: True for the one member of the story that stands for it.
        linked_to: the article this one was verified against; None for representatives.
        relation: what the link is; None where `linked_to` is.
        score: how strong the link is, in [0, 1]: Jaccard for `copy`, containment for `contained`, how likely both
            report one event for `story`, 1.0 for `exact` and `version`; None where `linked_to` is.
        evidence: what the score was made of, by name: jaccard, containment and opening for copies and cuts, the
            features of `clusterer.stories.features` for stories; None for exact copies and representatives.
    """

    id: str
    story: str
    copy: str
    exact: str
    representative: bool
    linked_to: str | None
    relation: Relation | None
    score: float | None
    evidence: Mapping[str, float] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The fields in the order of the file format."""
        return self._asdict()


RELATIONS: tuple[Relation, ...] = ("exact", "copy", "contained", "story")
"""Names of links as `Assignments` numbers them."""
MEASURES = ("jaccard", "containment", "opening")
"""Names of what is measured of copies and cuts, as `Assignments` has it."""
_ROWS = 1 << 12  # assignments that are made together


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Assignments(Sequence[Assignment]):
    """The assignments of n articles, held as arrays: each is made when it is asked for.

    It is equal to any sequence of the same assignments, and a part of it is a tuple.

    Attributes:
        ids: of the articles.
        groups: int32 (3, n), the article whose id names the story, the copy group and the exact group of each.
        parent: int32 (n,), the article that each is linked to.
        is_head: bool (n,), who stands for a story, and is linked to none.
        relation: uint8 (n,), what the link is, a place in `RELATIONS`.
        score: float64 (n,), of the link.
        evidence: int32 (n,), the row in `measures` or, behind these, in `features` that tells of the link; -1 where none does.
        measures: float64 (x, 3), columns as in `MEASURES`.
        features: float32 (x, f), NaN where one is not known.
        names: of the features.
    """

    ids: Sequence[str]
    groups: NDArray[np.int32]
    parent: NDArray[np.int32]
    is_head: NDArray[np.bool_]
    relation: NDArray[np.uint8]
    score: NDArray[np.float64]
    evidence: NDArray[np.int32]
    measures: NDArray[np.float64]
    features: NDArray[np.float32]
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Assignment]:
        for start in range(0, len(self), _ROWS):
            yield from self._made(np.arange(start, min(start + _ROWS, len(self))))

    @overload
    def __getitem__(self, which: int) -> Assignment: ...
    @overload
    def __getitem__(self, which: slice) -> tuple[Assignment, ...]: ...
    def __getitem__(self, which: int | slice) -> Assignment | tuple[Assignment, ...]:
        places = range(len(self))[which]
        if isinstance(places, int):
            return self._made(np.array([places]))[0]
        return tuple(a for i in range(0, len(places), _ROWS) for a in self._made(np.array(places[i : i + _ROWS])))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    def __repr__(self) -> str:
        return f"<{len(self):,} assignments>"

    def labels(self, name: str) -> list[str]:
        """The ids of articles, or of their groups at a level, in input order."""
        ids = list(self.ids)
        return ids if name == "id" else [ids[i] for i in self.groups[("story", "copy", "exact").index(name)].tolist()]

    def _made(self, places: NDArray[np.int64]) -> list[Assignment]:
        """Those of some articles."""
        heads, n = self.is_head[places], len(places)
        wanted, row = np.unique(
            np.concatenate([places, *self.groups[:, places], self.parent[places]]), return_inverse=True
        )
        named = np.array(take_texts(self.ids, wanted), dtype=np.object_)[row.reshape(5, n)]
        relation = np.array(RELATIONS, dtype=np.object_)[self.relation[places]]
        score = np.full(n, 1.0, dtype=np.object_)  # one number for all that have it
        less = np.flatnonzero(self.score[places] != 1.0)
        score[less] = [round(x, 4) for x in self.score[places[less]].tolist()]
        evidence = np.full(n, None, dtype=np.object_)
        known = np.flatnonzero(self.evidence[places] >= 0)
        evidence[known] = [self._told(i) for i in self.evidence[places[known]].tolist()]
        for column in (named[4], relation, score, evidence):
            column[heads] = None
        columns = (*named[:4].tolist(), heads.tolist(), *(x.tolist() for x in (named[4], relation, score, evidence)))
        make = cast(
            Callable[[tuple[Any, ...]], Assignment], partial(tuple.__new__, Assignment)
        )  # without a call of Python's
        return list(map(make, zip(*columns, strict=True)))

    def _told(self, number: int) -> dict[str, float]:
        """A row of evidence by name, rounded; what is not known is left out."""
        if number < len(self.measures):
            return dict(zip(MEASURES, self.measures[number].tolist(), strict=True))
        values = self.features[number - len(self.measures)].tolist()
        return {name: round(x, 4) for name, x in zip(self.names, values, strict=True) if x == x}


@dataclass(frozen=True, slots=True, repr=False)
class Clustering:
    """The result: one `Assignment` an article, in input order, and the counts of the run.

    Attributes:
        assignments: one an input article, in input order.
        stats: counts of the run by name (articles, candidate pairs, links, duplicate ids, dropped pairs, ...).
        fingerprint: of the settings that made it.
        furniture: keys of the lines that were learned to be outlets' furniture, and cut.
        follows: id of a story to that of the earlier story of the same affair that it goes on with; only of stories that
            do. Known to runs in memory, not to an index or to Spark.
        again: places of rows that are an article read before: of the same id or URL, outlet, date, title and text, as in feeds
            that were fetched several times. Counts of groups leave them out. Known to runs in memory.
    """

    assignments: Sequence[Assignment]
    stats: Mapping[str, int] = field(default_factory=dict)
    fingerprint: str = ""
    furniture: frozenset[int] = field(default=frozenset(), repr=False)
    follows: Mapping[str, str] = field(default_factory=dict, repr=False)
    again: frozenset[int] = field(default=frozenset(), repr=False)

    def __len__(self) -> int:
        return len(self.assignments)

    def __iter__(self) -> Iterator[Assignment]:
        return iter(self.assignments)

    def __getitem__(self, which: int | str) -> Assignment:
        """The assignment at a place of the input, from 0, or of an id; a walk for each id.

        Raises:
            InputError: there is none.
        """
        if isinstance(which, str):
            if which in (ids := self._labels("id")):
                return self.assignments[ids.index(which)]
            raise InputError(f"no article {which!r} among {len(self)}; cure: an id such as {self._some_id()}")
        try:
            return self.assignments[which]
        except (IndexError, TypeError):
            raise InputError(
                f"no article at {which!r}; cure: a place from 0 to {len(self) - 1}, or an id such as {self._some_id()}"
            ) from None

    def __repr__(self) -> str:
        many = "1 article" if len(self) == 1 else f"{len(self):,} articles"
        parts = [f"{len(self.sizes(level)):,} by {level}" for level in reversed(LEVELS)]
        largest = self.sizes("story").most_common(1)
        more = f"\n  largest story: {largest[0][0]!r:.60} with {largest[0][1]:,}" if largest else ""
        return f"<Clustering of {many}; groups: {', '.join(parts)}{more}>"

    if not TYPE_CHECKING:  # a type checker knows the names itself

        def __getattr__(self, name: str) -> Any:
            cure = ".to_frame() gives a data frame" if name.startswith("to_") else ".groups(), .labels() or .to_frame()"
            raise MissingNameError(f"a Clustering has no {name!r}; cure: {cure}")

    def _some_id(self) -> str:
        return repr(self.assignments[0].id) if self.assignments else "those of articles given"

    def labels(self, level: str = "copy") -> list[str]:
        """Group id of every article at a level, in input order, length `len(self)`."""
        if level not in LEVELS:
            cure = did_you_mean(level, LEVELS) or "one of these"
            raise InputError(f"level {level!r} is not one of {', '.join(LEVELS)}; cure: {cure}")
        return self._labels(level)

    def _labels(self, name: str) -> list[str]:
        found = self.assignments
        return found.labels(name) if isinstance(found, Assignments) else [getattr(a, name) for a in found]

    def groups(self, level: str = "copy") -> dict[str, list[str]]:
        """Group id to the ids of its members, both in input order of first appearance."""
        out: dict[str, list[str]] = {}
        for name, label in zip(self._labels("id"), self.labels(level), strict=True):
            out.setdefault(label, []).append(name)
        return out

    def sizes(self, level: str = "copy") -> Counter[str]:
        """Group id to its number of members."""
        return Counter(self.labels(level))

    @property
    def representatives(self) -> list[str]:
        """Ids of the articles that stand for their story, in input order."""
        return [a.id for a in self.assignments if a.representative]

    def to_frame(self, backend: Backend = "pandas") -> Any:
        """The assignments as a data frame: a row an article, in input order; a column a field of `Assignment`.

        `representative` is true or false, `score` a 64-bit number, all others are strings; `evidence` is JSON, as in
        `clusters.jsonl`. What is None there is missing here.

        Args:
            backend: whose: a `pandas.DataFrame`, a `polars.DataFrame` or a `pyarrow.Table`.

        Raises:
            InputError: the backend is unknown or not installed, or an id is no valid text.
        """
        if backend not in get_args(Backend):
            meant = did_you_mean(backend, get_args(Backend))
            raise InputError(f"backend {backend!r} is unknown; cure: {meant}one of {', '.join(get_args(Backend))}")
        try:
            library = import_module(backend)
        except ImportError:
            raise InputError(f"{backend} is not installed; cure: pip install {backend}, or another backend") from None
        import orjson

        rows = list(self.assignments)
        columns = {name: [getattr(a, name) for a in rows] for name in Assignment._fields}
        columns["evidence"] = [
            None if e is None else orjson.dumps(e, default=dict).decode() for e in columns["evidence"]
        ]
        try:
            # Kinds are said, not guessed: columns of few rows, or of none, may hold nothing to guess from.
            if backend == "pandas":
                kinds = {"representative": "bool", "score": "float64"}
                return library.DataFrame(
                    {name: library.Series(cells, dtype=kinds.get(name, "str")) for name, cells in columns.items()}
                )
            if backend == "polars":
                kinds = {"representative": library.Boolean, "score": library.Float64}
                return library.DataFrame(columns, {name: kinds.get(name, library.String) for name in columns})
            kinds = {"representative": library.bool_(), "score": library.float64()}
            schema = library.schema({name: kinds.get(name, library.string()) for name in columns})
            return library.table(columns, schema)
        except UnicodeEncodeError as error:
            raise InputError(f"id {error.object!r} holds half a character; cure: mend its encoding") from None


def group_counts(name: str, sizes: Collection[int]) -> dict[str, int]:
    """Counts of groups by what they are called: all, those of two or more, the largest.

    Args:
        name: of one of them.
        sizes: of each, an article that was read several times counted once.

    Examples:
        >>> group_counts("story", [3, 1])
        {'stories': 2, 'stories of two or more': 1, 'largest story': 3}
    """
    many = f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
    return {
        many: len(sizes),
        f"{many} of two or more": sum(map((1).__lt__, sizes)),
        f"largest {name}": max(sizes, default=0),
    }
