"""An explanation as messages: the verdict, and the reasons that bear it out. Measures nothing; words are in `messages`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from clusterer.articles import Article
from clusterer.copies.short_texts import FEWEST, MISSING, SHORT_WORDS
from clusterer.explanation.evidence import CopyEvidence, Explanation, Part, Step, StoryEvidence
from clusterer.explanation.highlights import Passages
from clusterer.messages import Message, message
from clusterer.results import LEVELS, Assignment, Level, PairRelation
from clusterer.settings import Settings


def explained(
    articles: tuple[Article, Article],
    assignments: tuple[Assignment, Assignment],
    settings: Settings,
    words: tuple[int, int],
    copies: CopyEvidence | None,
    reports: StoryEvidence | None,
    links: Sequence[Step],
    furniture: Collection[int],
) -> Explanation:
    """Return everything that was found out about two articles, with the messages that say it.

    Args:
        articles, assignments: of both.
        settings: of the run.
        words: how many each has, boilerplate left out.
        copies, reports, links: as in `Explanation`'s copying, reporting and path.
        furniture: as for `Passages`.
    """
    a, b = assignments
    level = next((level for level in LEVELS if getattr(a, level) == getattr(b, level)), None)
    if a.exact == b.exact or min(words) < settings.min_words:
        copies = reports = None
    relation: PairRelation | None = None
    if level == "exact":
        relation = "exact"
    elif copies is not None and copies.linked:
        relation = "copy" if copies.kind == "copy" else "contained"
    elif copies is not None and copies.kind == "series" and level != "copy":
        relation = "series"
    elif reports is not None and reports.compared and reports.score >= settings.story and not (copies and copies.form):
        relation = "story"
    verdict = message(f"verdict.{level or 'apart'}")
    passages = Passages(articles, settings, furniture)
    parted = copies is not None and (copies.kind == "series" or (level == "copy" and copies.stays != ""))
    telling = tuple(passages.telling(0, 1, copies.stays)) if copies is not None and parted else ()
    messages = verdict, *_reasons(assignments, settings, words, level, copies, reports, telling)
    pieces = tuple(passages.pieces(0, 1)), tuple(passages.pieces(1, 0))
    return Explanation(articles, assignments, level, relation, messages, copies, reports, tuple(links), pieces, telling)


def _reasons(
    assignments: tuple[Assignment, Assignment],
    settings: Settings,
    words: tuple[int, int],
    level: Level | None,
    copies: CopyEvidence | None,
    reports: StoryEvidence | None,
    telling: Sequence[tuple[str, str, str]],
) -> Iterator[Message]:
    a, b = assignments
    if level == "exact":
        if a.id != b.id:
            yield message("reason.exact")
        return
    short = [
        message("reason.has_words", id=x.id, n=n)
        for x, n in zip(assignments, words, strict=True)
        if n < settings.min_words
    ]
    if len(short) == 1:
        yield message("reason.one_short", first=short[0], least=settings.min_words)
        return
    if short:
        yield message("reason.both_short", first=short[0], second=short[1], least=settings.min_words)
        return
    if copies is not None:
        yield _shingles_told(copies, settings)
        if copies.few:
            yield message("reason.few_words", most=SHORT_WORDS, missing=MISSING, fewest=FEWEST)
        if copies.linked and level != "copy":
            yield message("reason.not_grouped")
        elif level == "copy" and not copies.linked:
            yield message("reason.by_others")
        elif copies.linked and not (copies.bands or copies.samples):
            yield message("reason.no_band")
        if copies.stays and level == "copy":
            yield message("reason.stays", why=message(f"stays.{copies.stays}"))
        yield from (_telling_told(assignments, *told) for told in [*dict.fromkeys(telling)][:_TOLD])
    else:
        yield message("reason.stopped_exact")
    if level == "copy":
        return
    if settings.level != "story":
        yield message("reason.stopped", level=message(f"level.{settings.level}"))
    elif reports is not None:
        for one, compared in zip(assignments, reports.texts, strict=True):
            if one.id != compared:
                yield message("reason.stands_in", id=one.id, other=compared)
        yield from _score_told(a.story == b.story, copies is not None and copies.form, reports, settings)


_TOLD = 3  # differences that are named
_LETTERS = 60  # of each at most


def _telling_told(assignments: tuple[Assignment, Assignment], kind: str, first: str, second: str) -> Message:
    """Where two texts tell other things: the words of both, or of the one that has some."""
    one, other = ("".join((text[:_LETTERS], "…" if len(text) > _LETTERS else "")) for text in (first, second))
    what = message(f"telling.{kind}")
    if one and other:
        return message("reason.telling", what=what, one=one, other=other)
    holder = assignments[0 if one else 1].id
    return message("reason.telling_alone", what=what, words=one or other, id=holder)


def _shingles_told(x: CopyEvidence, settings: Settings) -> Message:
    """How much of each text stands in the other, and what that makes them."""
    unit = message("unit.words" if settings.unit == "word" else "unit.letters")
    runs = {"shared": x.shared, "size": settings.size, "unit": unit}
    both = message("reason.both", either=x.smaller + x.larger - x.shared, **runs)
    part = message("reason.part", smaller=x.smaller, **runs)
    held = {"containment": x.containment, "least": settings.containment}
    alike = {"jaccard": x.jaccard, "least_jaccard": settings.jaccard}
    if x.kind == "series":
        opening = min(x.opening, x.own_opening)
        why = message(f"why.{x.why}")
        return message("reason.series", both=both, jaccard=x.jaccard, opening=opening, why=why, **_differing(x))
    if x.kind == "far":
        return message("reason.far", both=both, window=settings.window)
    if x.kind == "copy":
        return message("reason.copy", both=both, jaccard=x.jaccard, least=settings.jaccard)
    if x.kind in ("contained", "quoted"):
        opened = {"opening": x.opening, "own_opening": x.own_opening, "least_opening": settings.opening}
        return message(f"reason.{x.kind}", part=part, **held, **opened)
    if settings.cuts and x.containment >= settings.containment:
        return message("reason.too_long", both=both, part=part, cut_ratio=settings.cut_ratio, **alike, **held)
    if x.form:
        return message("reason.form", both=both, **alike, **_differing(x))
    return message("reason.no_copies", both=both, **alike, **held)


def _differing(x: CopyEvidence) -> dict[str, Message]:
    """What two texts differ in, in words."""
    counts = {"facts": x.facts, "names": x.names, "places": x.edits}
    return {name: message(f"n.{name}", n=n) for name, n in counts.items()}


def _score_told(together: bool, form: bool, x: StoryEvidence, settings: Settings) -> Iterator[Message]:
    asked = {"score": x.score, "least": settings.story}
    if form:
        yield message("reason.filled", **asked)
    elif x.compared:
        yield message("reason.score", **asked)
    elif x.bands:
        yield message("reason.cheap_look", **asked)
    else:
        yield message("reason.never_met", slots=x.slots, of_slots=x.of_slots, **asked)
    counted = [part for part in x.parts if abs(part.points) >= 0.05]
    for key, those in (
        ("reason.for", [p for p in counted if p.points > 0]),
        ("reason.against", [p for p in counted if p.points < 0]),
    ):
        if those:
            yield message(key, parts=[_points_told(part) for part in those])
    pairs = message("n.pairs", n=x.pairs)
    if together and (form or not x.compared or x.score < settings.story):
        yield message("reason.way", pairs=pairs, mean=x.mean)
    elif not together and not form and x.compared and x.score >= settings.story:
        yield message("reason.one_link", pairs=pairs, mean=x.mean, least=settings.story)


def _points_told(part: Part) -> Message:
    what = message("reason.undated") if part.value is None else message(f"label.{part.name}")
    return message("reason.points", what=what, points=part.points)
