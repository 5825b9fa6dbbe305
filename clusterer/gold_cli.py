"""`clusterer evaluate` and `tune`: a result against gold, settings that fit gold.

Parse, call the library, show. What is shown is made as plain data first, then printed, or rendered as a page.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import click

from clusterer.corpus import content_id
from clusterer.errors import InputError
from clusterer.evaluate import (
    PairScores,
    Scores,
    evaluate,
    evaluate_pairs,
    link_strength,
    mistakes,
    worst_first,
)
from clusterer.files import Feed
from clusterer.gold import Gold, Judged, Ours, read_gold, read_result
from clusterer.options import (
    Run,
    input_options,
    keep_apart,
    progress_shown,
    settings_file,
)
from clusterer.output import atomic_output
from clusterer.records import Article, Level
from clusterer.settings import Settings
from clusterer.tuning import COPY_AXES, STAYS, Tried, Tuning, figures, tune

_html = click.option("--html", metavar="FILE", type=click.Path(dir_okay=False), help="also write a page that shows it")
_label = click.option(
    "--label", metavar="NAME", help="gold field that holds the label; else copy or dup, event or story"
)
_doubtful = click.option("--all", "with_doubtful", is_flag=True, help="count what the gold file marks as doubtful, too")


# --- evaluate ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Error:
    """What went wrong: a group, or a judged pair.

    Attributes:
        kind: in words.
        parts: the articles, those that belong together in one part; for pairs one in each.
    """

    kind: str
    parts: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _Held:
    """A result held against gold at one level: what is said of it, and what went wrong, the worst first."""

    level: Level
    said: str
    scores: Scores | PairScores
    errors: tuple[_Error, ...]

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


@click.command("evaluate")
@click.argument("result", type=click.Path(exists=True, dir_okay=False))
@click.argument("gold", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--level",
    type=click.Choice(["exact", "copy", "story"]),
    help="which of our ids to hold against gold; else all it has",
)
@_label
@_doubtful
@click.option("--errors", type=click.IntRange(0), default=10, show_default=True, help="wrong groups or pairs to list")
@click.option(
    "--feed",
    "feed",
    type=click.Path(exists=True),
    help="the articles, to list what is wrong with source, date and title",
)
@_html
def evaluate_command(
    result: str,
    gold: str,
    level: Level | None,
    label: str | None,
    with_doubtful: bool,
    errors: int,
    feed: str | None,
    html: str | None,
) -> None:
    """Hold RESULT (written by `cluster` or `index export`) against GOLD: JSON lines or CSV with id and a label a level
    (event, copy), or judged pairs with a, b, same, and level where it is not story.

    Only articles that GOLD names count. Prints B-cubed and pairwise scores, V-measure (homogeneity, completeness) and the
    adjusted Rand index, then the groups that were merged or split wrongly, the worst first. Of judged pairs precision,
    recall, F1 and accuracy, then the pairs decided wrongly, the surest first.

    Example: clusterer evaluate clusters.jsonl data/gold.jsonl --feed data/feed.jsonl
    """
    keep_apart([html], [result, gold])
    says = _gold(gold, label, level, with_doubtful)
    held = _held(read_result(result, (level,) if level else says.levels), result, says, level, errors)
    known = _shown_articles(feed, held) if feed else {}
    for i, one in enumerate(held):
        if i:
            click.echo()
        _print_held(one, known)
    if html:
        from clusterer.pages import render

        page = render("evaluate.html", result=result, gold=gold, held=held, known=known, feed=feed, most=errors)
        _write_page(html, page)


def _gold(path: str, label: str | None, level: Level | None, with_doubtful: bool) -> Gold:
    """Gold of a file; a word of it where it is nobody's judgement."""
    gold = read_gold(path, label=label, level=level, with_doubtful=with_doubtful)
    if gold.is_result:
        click.echo(
            f"{path} is a result of clusterer, not what people judged: scores tell how far two results agree", err=True
        )
    return gold


def _held(ours: Mapping[str, Ours], result: str, gold: Gold, level: Level | None, most: int) -> list[_Held]:
    found = []
    for one in (level,) if level else gold.levels:
        labels = gold.labels.get(one) or (gold.labels.get("copy") if one == "exact" else None)
        if labels:
            found.append(_held_labels(ours, result, gold, one, labels, most))
        elif answers := gold.answers(one):
            found.append(_held_pairs(ours, result, gold, one, answers, most))
        else:
            said = ", ".join(gold.levels) or "nothing that can be counted"
            raise InputError(
                f"{gold.name}: says nothing of level {one}; it says of {said}; cure: --level or --label NAME"
            )
    if not found:
        raise InputError(f"{gold.name}: no answer that counts; cure: pairs whose same is true or false")
    return found


def _held_labels(
    ours: Mapping[str, Ours], result: str, gold: Gold, level: Level, labels: Mapping[str, str | int | float], most: int
) -> _Held:
    names = [gold.place(name, ours, result) for name in labels]
    found, wanted = [getattr(ours[name], level) for name in names], list(labels.values())
    said = f"{level}: {len(names):,} articles, {len(set(found)):,} groups, {len(set(wanted)):,} in gold"
    errors = [
        _Error(f"{m.kind}, {m.pairs} wrong pairs", tuple(tuple(names[i] for i in part) for part in m.parts))
        for m in mistakes(found, wanted)[:most]
    ]
    return _Held(level, said, evaluate(found, wanted), tuple(errors))


def _held_pairs(
    ours: Mapping[str, Ours], result: str, gold: Gold, level: Level, answers: Sequence[Judged], most: int
) -> _Held:
    names = [tuple(gold.place(name, ours, result) for name in (p.a, p.b)) for p in answers]
    together = [getattr(ours[a], level) == getattr(ours[b], level) for a, b in names]
    same = [bool(p.same) for p in answers]
    links = {name: (o.linked_to, 1.0 if o.score is None else o.score) for name, o in ours.items() if o.linked_to}
    # What is together has a score in the result; what is apart had one when it was asked about, if it was asked by us.
    scores = [
        link_strength(links, a, b) if both else p.score
        for (a, b), both, p in zip(names, together, answers, strict=True)
    ]
    merged, split = worst_first(together, same, scores)
    told = []
    for kind, places in (("wrongly together", merged), ("wrongly apart", split)):
        for i in places:
            score = scores[i]
            told.append(_Error(kind if score is None else f"{kind}, score {score:.2f}", tuple((n,) for n in names[i])))
    kind = {"copy": "copies", "story": "of one story"}.get(level, "the same")
    said = f"{level}: {len(answers):,} judged pairs, {sum(same):,} {kind}, {sum(together):,} put together"
    return _Held(level, said, evaluate_pairs(together, same), tuple(told[:most]))


def _shown_articles(feed: str, held: Sequence[_Held]) -> dict[str, dict[str, str]]:
    """Outlet, date and title of the articles that errors name."""
    wanted = {name for one in held for error in one.errors for part in error.parts for name in part}
    known: dict[str, dict[str, str]] = {}
    for row in Feed([feed]) if wanted else ():
        name = row.article.id or row.article.url or content_id(row.article)
        if name in wanted:
            known[name] = about_article(row.article)
    if wanted and not known:
        raise InputError(f"{feed}: holds none of the articles to be listed; cure: the feed that was clustered")
    return known


def about_article(article: Article) -> dict[str, str]:
    """Outlet, date and title, "" where there is none."""
    date = f"{article.date:%F %H:%M}" if article.date else ""
    return {"source": article.outlet, "date": date, "title": " ".join(article.title.split())}


def _print_held(held: _Held, known: Mapping[str, Mapping[str, str]]) -> None:
    click.echo(held.said)
    click.echo(f"{'':10}{'precision':>10}{'recall':>10}{'F1':>10}")
    for name, precision, recall, f1 in held.rows:
        both = "" if precision is None or recall is None else f"{precision:10.4f}{recall:10.4f}"
        click.echo(f"{name:10}{both:20}{f1:10.4f}")
    for error in held.errors:
        click.echo(f"\n{error.kind}")
        for part in error.parts:
            for i, name in enumerate(part):
                about = known.get(name)
                told = f"[{about['source']}] {about['date'][:10]} {about['title']}" if about else ""
                click.echo(plain(f"  {'-' if i == 0 else ' '} {name}  {told}".rstrip()))


# --- tune --------------------------------------------------------------------------------------------------------------


class _GoldLast(click.Command):
    """A command of INPUT... GOLD: a single file is an INPUT, and it is GOLD that is missing."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter as error:
            gold = self.make_parser(ctx).parse_args(given)[0].get("gold")
            if error.param and error.param.name == "inputs" and isinstance(gold, str):
                raise click.UsageError("Missing argument 'GOLD': INPUT comes first, GOLD last", ctx) from None
            raise


@click.command("tune", cls=_GoldLast)
@input_options
@click.argument("gold", type=click.Path(exists=True, dir_okay=False))
@settings_file
@click.option(
    "--level",
    type=click.Choice(["copy", "story"]),
    default="story",
    show_default=True,
    help="how far to tune; story tunes copies, too",
)
@click.option(
    "--want-precision", type=click.FloatRange(0, 1, min_open=True), help="wish: at least so much, then all recall"
)
@click.option(
    "--want-recall", type=click.FloatRange(0, 1, min_open=True), help="wish: at least so much, then all precision"
)
@_label
@_doubtful
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="settings file to write, TOML, for --settings")
@_html
@click.option(
    "--threads",
    type=click.IntRange(1, next(f.metadata["high"] for f in fields(Settings) if f.name == "threads")),
    default=1,
    show_default=True,
    help="threads to work with",
)
def tune_command(
    gold: str,
    settings_file: dict[str, Any],
    want_precision: float | None,
    want_recall: float | None,
    label: str | None,
    with_doubtful: bool,
    output: str | None,
    html: str | None,
    **options: Any,
) -> None:
    """Find the thresholds that fit GOLD best: labels or judged pairs, as for `evaluate`, of articles of INPUT.

    Tries every threshold without hashing a text again, and suggests the settings of best F1 (B-cubed, or over judged
    pairs) where they are surely better than those it starts from, or the settings that fulfil a wish. -o writes them as a
    file that other commands take with --settings; --html plots precision and recall over each threshold, and how surely
    bands find pairs. Other settings, such as --unit, come from --settings.

    Example: clusterer tune data/feed.jsonl data/gold.jsonl -o settings.toml
    """
    run = Run(output or "-", {**settings_file, **options}, [gold], [html])
    says = _gold(gold, label, options["level"], with_doubtful)
    with run.quarantine, progress_shown(run.quiet) as progress:
        tuned = tune(
            articles_of(run),
            says,
            settings=run.settings,
            precision=want_precision,
            recall=want_recall,
            progress=progress,
        )
    run.warn()
    _print_tuning(tuned)
    if output:
        _write_page(output, tuned.toml)
    if html:
        from clusterer.pages import render

        _write_page(html, render("tune.html", **_tuning_page(tuned)))


def articles_of(run: Run) -> Iterator[Article]:
    """The articles of a run; where all rows are bad, that is what is told, not that gold's are missing."""
    yield from (row.article for row in run.feed)
    if not run.feed.rows:
        run.refuse_nothing()


def _print_tuning(tuned: Tuning) -> None:
    for level, tried in tuned.tried.items():
        names = (*COPY_AXES, "story") if level == "story" else COPY_AXES
        kind = "articles" if isinstance(tuned.after[level], Scores) else "judged pairs"
        click.echo(f"{level}: {tuned.counts[level]:,} {kind}, {len(tried):,} settings tried")
        widths = [max(len(name), 6) + 2 for name in names]
        head = "".join(f"{name:>{width}}" for name, width in zip(names, widths, strict=True))
        click.echo(f"{'':12}{head}{'precision':>11}{'recall':>8}{'F1':>8}")
        best, after = tuned.best(level), figures(tuned.after[level])
        shown: list[tuple[str, Settings | Tried, tuple[float, float, float]]]
        shown = [("as it was", tuned.start, figures(tuned.before[level])), ("suggested", tuned.suggested, after)]
        shown += [("best F1", best, _of(best))] if best.f1 > after[2] + 1e-9 else []
        for row, at, scores in shown:
            values = "".join(f"{getattr(at, n):>{w}g}" for n, w in zip(names, widths, strict=True))
            click.echo(f"{row:12}{values}{scores[0]:>11.4f}{scores[1]:>8.4f}{scores[2]:>8.4f}")
        if level in tuned.stays:
            click.echo(f"{level}: {STAYS}")
        click.echo()
    for warning in tuned.warnings:
        click.echo(f"warning: {warning}", err=True)
    for level in tuned.missed:
        assert tuned.wish is not None
        wished, value = tuned.wish
        click.echo(f"{level}: no setting tried has a {wished} of {value:g}; the nearest is suggested", err=True)
    changed = _changed(tuned)
    options = " ".join(f"--{name} {value:g}" for name, _, value in changed)
    click.echo(f"suggested: {options}" if changed else "suggested: the settings as they were")


def _changed(tuned: Tuning) -> list[tuple[str, float, float]]:
    """Threshold, value before, value suggested, of those that differ."""
    both = ((n, getattr(tuned.start, n), getattr(tuned.suggested, n)) for n in (*COPY_AXES, "story"))
    return [(n, old, new) for n, old, new in both if old != new]


_MEANS = {
    "jaccard": "Jaccard similarity from which two texts are copies",
    "containment": "Containment from which the shorter text is a cut of the longer",
    "opening": "Share of the longer text's opening that a cut must hold",
    "story": "Score from which texts report one event",
}


def _tuning_page(tuned: Tuning) -> dict[str, Any]:
    """What the page shows, as plain data."""
    sweeps = []
    for name in (*COPY_AXES, "story"):
        along = tuned.along(name)
        if along:
            floor = min(min(t.precision, t.recall) for t in along)
            low = max(0.0, min(0.9, int(floor * 10) / 10))
            sweeps.append(
                {
                    "name": name,
                    "title": _MEANS[name],
                    "rows": [(getattr(t, name), t.precision, t.recall, t.f1) for t in along],
                    "points": [
                        [(getattr(t, name), getattr(t, figure)) for t in along]
                        for figure in ("precision", "recall", "f1")
                    ],
                    "low": low,
                    "start": getattr(tuned.start, name),
                    "suggested": getattr(tuned.suggested, name),
                }
            )
    levels = []
    for level, after in tuned.after.items():
        levels.append(
            {
                "level": level,
                "kind": "articles" if isinstance(after, Scores) else "judged pairs",
                "count": tuned.counts[level],
                "tried": len(tuned.tried[level]),
                "rows": [
                    ("as it was", *figures(tuned.before[level])),
                    ("suggested", *figures(after)),
                    ("best F1 of all tried", *_of(tuned.best(level))),
                ],
                "missed": level in tuned.missed,
                "stays": level in tuned.stays,
            }
        )
    return {
        "gold": tuned.gold,
        "wish": tuned.wish,
        "warnings": tuned.warnings,
        "stays": STAYS,
        "levels": levels,
        "sweeps": sweeps,
        "changed": _changed(tuned),
        "toml": tuned.toml,
        "shapes": tuned.shapes,
        "curve": tuned.curve,
        "curve_points": [
            [((b.low + b.high) / 2, getattr(b, share)) for b in tuned.curve]
            for share in ("predicted_before", "predicted_after", "before", "after")
        ],
    }


def _of(tried: Tried) -> tuple[float, float, float]:
    return tried.precision, tried.recall, tried.f1


def _write_page(path: str, text: str) -> None:
    with atomic_output(path) as out:
        out.write(text.encode("utf-8", "backslashreplace"))


def plain(text: str) -> str:
    """Text without what steers a terminal or turns its direction around; joiners stay, words need them."""
    return "".join(
        c if c in "\n\u200c\u200d" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn") else " "
        for c in text
    )
