"""`clusterer evaluate` and `tune`: a result against gold, settings that fit gold.

Parse, call the library, show. What is shown is made as plain data first, then printed, or rendered as a page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import click

from clusterer.articles import name_of, parse_id
from clusterer.cli.help import SectionedCommand
from clusterer.cli.options import TablePath, doubtful_option, gold_of, html_option, label_option, language_option
from clusterer.cli.run import keep_apart, tell_damage
from clusterer.cli.terminal import about_article, tell, write_page
from clusterer.errors import InputError
from clusterer.evaluation.gold import Gold, Judged
from clusterer.evaluation.metrics import (
    PairScores,
    Scores,
    changes,
    evaluate,
    evaluate_pairs,
    link_strength,
    mistakes,
    worst_first,
)
from clusterer.evaluation.result_file import ResultRow, read_result
from clusterer.io.feed import Feed
from clusterer.io.sources import split_part
from clusterer.messages import Language, Message, language_of, message, worded
from clusterer.results import Level


@dataclass(frozen=True, slots=True)
class _Error:
    """What went wrong, a group or a judged pair, or what differs between two results.

    Attributes:
        kind: what it is.
        parts: the articles, those that belong together in one part; for pairs one in each.
        heads: of two results, for each part which groups it is in; else none.
    """

    kind: Message
    parts: tuple[tuple[str, ...], ...]
    heads: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class _Held:
    """A result held against gold at one level: what is said of it, what went wrong, the worst first, and how many more did.

    Where gold is another result (`of_results`), what differs.
    """

    level: Level
    said: Message
    scores: Scores | PairScores
    errors: tuple[_Error, ...]
    unlisted: int
    of_results: bool = False

    @property
    def of_labels(self) -> bool:
        """Whether gold is labels, not judged pairs."""
        return isinstance(self.scores, Scores)

    @property
    def rows(self) -> list[tuple[str, float | None, float | None, float]]:
        """Name, precision, recall and F1, or the figure alone."""
        s = self.scores
        if isinstance(s, PairScores):
            return [("pairs", s.precision, s.recall, s.f1), ("accuracy", None, None, s.accuracy)]
        return [
            ("B-cubed", s.bcubed_precision, s.bcubed_recall, s.bcubed_f1),
            ("pairs", s.pair_precision, s.pair_recall, s.pair_f1),
            ("V-measure", s.homogeneity, s.completeness, s.v_measure),
            ("ARI", None, None, s.ari),
        ]


@click.command("evaluate", cls=SectionedCommand)
@click.argument("result", type=TablePath(exists=True, dir_okay=False))
@click.argument("gold", type=TablePath(exists=True, dir_okay=False))
@click.option(
    "--level",
    type=click.Choice(["exact", "copy", "story"]),
    help="which of our ids to hold against gold; else all it has",
)
@label_option
@doubtful_option
@click.option("--errors", type=click.IntRange(0), default=10, show_default=True, help="wrong groups or pairs to list")
@click.option(
    "--feed",
    "feed",
    type=click.Path(exists=True),
    multiple=True,
    help="the articles, to list what is wrong with source, date and title; several are one feed, in this order",
)
@html_option
@language_option
def evaluate_command(
    result: str,
    gold: str,
    level: Level | None,
    label: str | None,
    with_doubtful: bool,
    errors: int,
    feed: tuple[str, ...],
    html: str | None,
    language: Language | None,
) -> None:
    """Hold RESULT (written by `cluster` or `index export`) against GOLD.

    GOLD is JSON lines or a table with id and a label a level (event, copy), or judged pairs with a, b, same, and level where it
    is not story. Another result of ours, without further columns, tells how far the two agree, and which groups it
    joins, splits or mixes otherwise.

    Only articles that GOLD names count. Prints B-cubed and pairwise scores, V-measure (homogeneity, completeness) and the
    adjusted Rand index, then the groups that were merged or split wrongly, the worst first. Of judged pairs precision,
    recall, F1 and accuracy, then the pairs decided wrongly, the surest first.

    Example: clusterer evaluate clusters.jsonl data/gold.jsonl --feed data/feed.jsonl
    """
    keep_apart([html], [split_part(path)[0] for path in (result, gold)])
    says = gold_of(gold, label, level, with_doubtful, results=True)
    rows = read_result(result, (level,) if level else says.levels)
    held = _held(rows, result, says.within(rows, result), level, errors)
    known = _shown_articles(feed, held, result) if feed else {}
    for i, one in enumerate(held):
        if i:
            tell()
        _print_held(one, known)
    if html:
        from clusterer.report.render import render

        spoken = language or language_of(about["title"] for about in known.values())
        page = render("evaluate.html", spoken, result=result, gold=gold, held=held, known=known, feed=feed, most=errors)
        write_page(html, page)


def _held(rows: Mapping[str, ResultRow], result: str, gold: Gold, level: Level | None, most: int) -> list[_Held]:
    found = []
    for one in (level,) if level else gold.levels:
        labels = gold.labels.get(one) or (gold.labels.get("copy") if one == "exact" else None)
        if labels:
            found.append(_held_labels(rows, result, gold, one, labels, most))
        elif answers := gold.answers(one):
            found.append(_held_pairs(rows, result, gold, one, answers, most))
        else:
            levels = ", ".join(gold.levels) or "nothing that can be counted"
            raise InputError(
                f"{gold.name}: says nothing of level {one}; it says of {levels}; cure: --level or --label NAME"
            )
    if not found:
        raise InputError(f"{gold.name}: no answer that counts; cure: pairs whose same is true or false")
    return found


def _held_labels(
    rows: Mapping[str, ResultRow],
    result: str,
    gold: Gold,
    level: Level,
    labels: Mapping[str, str | int | float],
    most: int,
) -> _Held:
    names = [gold.place(name, rows, result) for name in labels]
    found, wanted = [getattr(rows[name], level) for name in names], list(labels.values())
    counts = message(
        "held.results" if gold.is_result else "held.labels",
        level=message(f"level.{level}"),
        articles=message("n.articles", n=len(names)),
        groups=message("n.groups", n=len(set(found))),
        gold=len(set(wanted)),
    )
    if gold.is_result:
        if left := len(rows) - len(names):
            tell(
                f"{gold.name}: {left:,} of {len(rows):,} articles of {result} are not in it and are not compared",
                err=True,
            )
        errors = _changes(names, found, wanted)
    else:
        errors = [
            _Error(message(f"error.{m.kind}", pairs=m.pairs), tuple(tuple(names[i] for i in part) for part in m.parts))
            for m in mistakes(found, wanted)
        ]
    listed = tuple(errors[:most])
    return _Held(level, counts, evaluate(found, wanted), listed, len(errors) - len(listed), gold.is_result)


def _changes(names: Sequence[str], found: Sequence[str], others: Sequence[object]) -> list[_Error]:
    """What is another group in one result than in another."""
    return [
        _Error(
            message(f"change.{change.kind}", pairs=change.pairs),
            tuple(tuple(names[i] for i in part) for part in change.parts),
            tuple(message("change.part", here=found[i], there=str(others[i])) for i, *_ in change.parts),
        )
        for change in changes(found, others)
    ]


def _held_pairs(
    rows: Mapping[str, ResultRow], result: str, gold: Gold, level: Level, answers: Sequence[Judged], most: int
) -> _Held:
    names = [tuple(gold.place(name, rows, result) for name in (p.a, p.b)) for p in answers]
    together = [getattr(rows[a], level) == getattr(rows[b], level) for a, b in names]
    same = [bool(p.same) for p in answers]
    links = {name: (o.linked_to, 1.0 if o.score is None else o.score) for name, o in rows.items() if o.linked_to}
    # What is together has a score in the result; what is apart had one when it was asked about, if it was asked by us.
    scores = [
        link_strength(links, a, b) if both else p.score
        for (a, b), both, p in zip(names, together, answers, strict=True)
    ]
    merged, split = worst_first(together, same, scores)
    lines = []
    wrong = (message("error.together"), "error.joined", merged), (message("error.apart"), "error.judged", split)
    for kind, scored, places in wrong:
        for i in places:
            score = scores[i]
            what = kind if score is None else message(scored, what=kind, score=score)
            lines.append(_Error(what, tuple((n,) for n in names[i])))
    counts = message(
        "held.pairs",
        level=message(f"level.{level}"),
        pairs=message("n.judged", n=len(answers)),
        same=message(f"same.{level}", value=sum(same)),
        together=sum(together),
    )
    listed = tuple(lines[:most])
    return _Held(level, counts, evaluate_pairs(together, same), listed, len(lines) - len(listed))


def _shown_articles(paths: Sequence[str], held: Sequence[_Held], result: str) -> dict[str, dict[str, str]]:
    """Outlet, date and title of the articles that errors name; none of those whose id several rows have, if it is not told whose.

    Where ids repeat, the lines of a result tell who got which: `cluster` writes one a row, in the order of the rows.
    """
    wanted = {name for one in held for error in one.errors for part in error.parts for name in part}
    if not wanted:
        return {}
    feed, named = Feed(paths), ", ".join(paths)
    names = [name_of(row.article) for row in feed]
    tell_damage(feed.damaged_files)
    times = Counter(names)
    if len(times) < len(names):
        ids = list(read_result(result))
        if len(ids) == len(names) and all(id == own or _bare(id) == own for id, own in zip(ids, names, strict=True)):
            names = ids
        elif any(times[name] > 1 or _bare(name) in times for name in wanted):
            tell(
                f"{named}: rows share ids, and {result} has not a line for each row, in their order: of those ids no title is"
                " shown; cure: the feed as cluster read it",
                err=True,
            )
            names = [name if times[name] == 1 else "" for name in names]
    known = {name: about_article(row.article) for name, row in zip(names, feed, strict=True) if name in wanted}
    if not known and not any(times[name] > 1 for name in wanted):
        raise InputError(f"{named}: holds none of the articles to be listed; cure: the feed that was clustered")
    return known


def _bare(id: str) -> str:
    """The id before the number that makes it the only one of its name."""
    parts = parse_id(id)
    return parts[0] if parts else id


def _print_held(held: _Held, known: Mapping[str, Mapping[str, str]]) -> None:
    tell(worded(held.said))
    tell(f"{'':10}{'precision':>10}{'recall':>10}{'F1':>10}")
    for name, precision, recall, f1 in held.rows:
        both = "" if precision is None or recall is None else f"{precision:10.4f}{recall:10.4f}"
        tell(f"{name:10}{both:20}{f1:10.4f}")
    for error in held.errors:
        tell(f"\n{worded(error.kind)}")
        for place, part in enumerate(error.parts):
            if error.heads:
                tell(f"  {worded(error.heads[place])}")
            for i, name in enumerate(part):
                about = known.get(name)
                label = f"[{about['source']}] {about['date'][:10]} {about['title']}" if about else ""
                tell(f"  {'-' if i == 0 else ' '} {name}  {label}".rstrip())
    if held.unlisted and held.errors:
        tell(f"\n{worded(message('errors.more', more=held.unlisted, all=len(held.errors) + held.unlisted))}")
