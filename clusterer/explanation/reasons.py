"""An explanation in sentences: the verdict, and the reasons that bear it out. Measures nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from clusterer.articles import Article
from clusterer.explanation.evidence import CopyEvidence, Explanation, Step, StoryEvidence
from clusterer.explanation.highlights import Passages
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
    """Return everything that was found out about two articles, with the sentences that say it.

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
    elif reports is not None and reports.compared and reports.score >= settings.story:
        relation = "story"
    reasons = list(_reasons(assignments, settings, words, level, copies, reports))
    passages = Passages(articles, settings, furniture)
    pieces = tuple(passages.pieces(0, 1)), tuple(passages.pieces(1, 0))
    return Explanation(
        articles, assignments, level, relation, _VERDICTS[level], tuple(reasons), copies, reports, tuple(links), pieces
    )


_VERDICTS: dict[Level | None, str] = {
    "exact": "The same text: the same words in the same order, once datelines and footers are cut.",
    "copy": "Copies: one text, reprinted, changed a little or cut.",
    "story": "One story: independent reports of the same event.",
    None: "Apart: not the same text, and not the same event.",
}


def _reasons(
    assignments: tuple[Assignment, Assignment],
    settings: Settings,
    words: tuple[int, int],
    level: Level | None,
    copies: CopyEvidence | None,
    reports: StoryEvidence | None,
) -> Iterator[str]:
    a, b = assignments
    if level == "exact":
        if a.id != b.id:
            yield "No word differs; spelling variants of letters, diacritics and digits count as the same."
        return
    short = [f"{x.id} has {n} words" for x, n in zip(assignments, words, strict=True) if n < settings.min_words]
    if short:
        yield (
            f"{' and '.join(short)} with the title, without boilerplate; under"
            f" {settings.min_words} only a text with the same words is its copy."
        )
        return
    if copies is not None:
        yield _shingles_told(copies, settings)
        if copies.linked and level != "copy":
            yield (
                "They are alike enough for a link, but not their groups: these are joined where all their members are alike on"
                " average, and a cut joins one group only."
            )
        elif level == "copy" and not copies.linked:
            yield "They are in one copy group because both are alike to others of it; see the path."
        elif copies.linked and not (copies.bands or copies.samples):
            yield "Their signatures share no band and no sampled shingle: they met by way of others; see the path."
    else:
        yield "The run stopped at identical texts: copies were not looked for."
    if level == "copy":
        return
    if settings.level != "story":
        yield f"The run stopped at level {settings.level}: reports in other words were not looked for."
    elif reports is not None:
        yield from _score_told(a.story == b.story, reports, settings)


def _shingles_told(x: CopyEvidence, settings: Settings) -> str:
    unit = "words" if settings.unit == "word" else "letters"
    both = f"{x.shared} of their {x.smaller + x.larger - x.shared} runs of {settings.size} {unit} stand in both"
    if x.kind == "series":
        differing = f"{_count(x.facts, 'number or date', 'numbers or dates')}, {_count(x.names, 'name', 'names')} and"
        return (
            f"{both} (Jaccard similarity {x.jaccard:.2f}), but they differ in {differing}"
            f" {_count(x.edits, 'other place', 'other places')}, and hold {min(x.opening, x.own_opening):.2f} of each other's"
            " opening: a series, not one text. --series merge judges by the words alone."
        )
    if x.kind == "far":
        return f"{both}, but their dates are more than {settings.window:g} days apart."
    if x.kind == "copy":
        return f"{both}: Jaccard similarity {x.jaccard:.2f}, and from {settings.jaccard:.2f} on two texts are copies."
    part = f"{x.shared} of the shorter one's {x.smaller} runs of {settings.size} {unit} are in the longer one"
    held = f"containment {x.containment:.2f}, at least {settings.containment:.2f} for a cut"
    opened = (
        f"they hold {x.opening:.2f} and {x.own_opening:.2f} of each other's opening (at least {settings.opening:.2f})"
    )
    if x.kind == "contained":
        return f"{part} ({held}), and {opened}: one is a cut of the other."
    if x.kind == "quoted":
        return f"{part} ({held}), but {opened}: quoted, not cut."
    if settings.cuts and x.containment >= settings.containment:
        return (
            f"No copies: {both}, Jaccard similarity {x.jaccard:.2f} (at least {settings.jaccard:.2f}); {part} ({held}), but it"
            f" has more than {settings.cut_ratio:.2f} of that one's length: no cut."
        )
    return (
        f"No copies: {both}, Jaccard similarity {x.jaccard:.2f} (at least {settings.jaccard:.2f});"
        f" {held.replace('for a cut', 'for a cut of the other')}."
    )


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _score_told(together: bool, x: StoryEvidence, settings: Settings) -> Iterator[str]:
    sentence = f"The score for one event is {x.score:.2f}; stories are joined from a mean of {settings.story:.2f} on."
    if not x.compared:
        sentence = (
            f"They were never compared as reports; the score would be {x.score:.2f}, and {settings.story:.2f} is asked."
        )
        if x.bands:
            sentence += " Their leads looked too different at a cheap first look, or met in too large a bucket."
        else:
            sentence += f" Their leads share no band: {x.slots} of {x.of_slots} slots are equal."
    yield sentence
    counted = [part for part in x.parts if abs(part.points) >= 0.05]
    for heading, those in (
        ("For one event", [p for p in counted if p.points > 0]),
        ("Against", [p for p in counted if p.points < 0]),
    ):
        if those:
            parts = (f"{'dates unknown' if p.value is None else p.meaning} ({p.points:+.1f})" for p in those)
            yield f"{heading}: {', '.join(parts)}."
    whose = f"its {x.pairs} pairs of texts" if together else f"the {x.pairs} pairs of texts between their stories"
    means = f"the mean of {whose} is {x.mean:.2f}"
    if together and (not x.compared or x.score < settings.story):
        yield f"They are together by way of other reports (see the path): {means}."
    elif not together and x.compared and x.score >= settings.story:
        yield f"But one link does not join two stories: {means}, under {settings.story:.2f}."
