"""The records that a run gives: one `Assignment` an article, and the `Clustering` that holds them.

Plain frozen data with derived counts; no I/O, no normalising, no scoring.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

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

    assignments: tuple[Assignment, ...]
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
            for a in self.assignments:
                if a.id == which:
                    return a
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
        return [getattr(a, level) for a in self.assignments]

    def groups(self, level: str = "copy") -> dict[str, list[str]]:
        """Group id to the ids of its members, both in input order of first appearance."""
        out: dict[str, list[str]] = {}
        for a, label in zip(self.assignments, self.labels(level), strict=True):
            out.setdefault(label, []).append(a.id)
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

        columns = {name: [getattr(a, name) for a in self.assignments] for name in Assignment._fields}
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
        f"{many} of two or more": sum(size > 1 for size in sizes),
        f"largest {name}": max(sizes, default=0),
    }
