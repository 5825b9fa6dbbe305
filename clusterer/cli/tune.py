"""`clusterer tune`: thresholds that fit gold, as a table, a settings file and a page. Parse, call `tune`, write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

import click

from clusterer.articles import Article
from clusterer.cli.help import SectionedCommand
from clusterer.cli.options import (
    TablePath,
    doubtful_option,
    gold_of,
    html_option,
    input_options,
    label_option,
    language_option,
    settings_file,
)
from clusterer.cli.output_names import OutputPath
from clusterer.cli.run import Run, refuse_empty
from clusterer.cli.stages import progress_shown
from clusterer.cli.terminal import tell, write_page
from clusterer.evaluation.metrics import Scores
from clusterer.evaluation.sweeps import COPY_AXES, Tried
from clusterer.evaluation.training import LEAST_EVENTS, LEAST_PAIRS, SURE, Retraining, retrain
from clusterer.evaluation.tuning import STAYS, Tuning, figures, tune
from clusterer.io.sources import split_part
from clusterer.messages import Language, language_of, message
from clusterer.settings import Settings

_TITLES = 1000  # that tell a feed's language


class _GoldLast(SectionedCommand):
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
@click.argument("gold", type=TablePath(exists=True, dir_okay=False))
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
@click.option(
    "--retrain",
    "retrains",
    is_flag=True,
    help="first retrain the weights of the story score on GOLD, starting from those it has; taken where surely better",
)
@label_option
@doubtful_option
@click.option("-o", "--output", type=OutputPath("toml"), help="settings file to write, TOML, for --settings")
@html_option
@language_option
@click.option(
    "--threads",
    type=click.IntRange(0, next(f.metadata["high"] for f in fields(Settings) if f.name == "threads")),
    default=0,
    show_default=True,
    help="threads to work with; 0 for as many as there are cores",
)
def tune_command(
    gold: str,
    settings_file: dict[str, Any],
    want_precision: float | None,
    want_recall: float | None,
    retrains: bool,
    label: str | None,
    with_doubtful: bool,
    output: str | None,
    html: str | None,
    language: Language | None,
    **options: Any,
) -> None:
    """Find the thresholds that fit GOLD best: labels or judged pairs, as for `evaluate`, of articles of INPUT.

    Tries every threshold without hashing a text again, and suggests the settings of best F1 (B-cubed, or over judged
    pairs) where they are surely better than those it starts from, or the settings that fulfil a wish. -o writes them as a
    file that other commands take with --settings; --html plots precision and recall over each threshold, and how surely
    bands find pairs. Other settings, such as --unit, come from --settings. --retrain fits the weights of the story score to
    GOLD, too, and prints how they do on events that they did not see.

    Example: clusterer tune data/feed.jsonl data/gold.jsonl -o settings.toml
    """
    run = Run(output or "-", {**settings_file, **options}, [split_part(gold)[0]], [html])
    says = gold_of(gold, label, options["level"], with_doubtful)
    trained: Retraining | None = None
    with run.quarantine, progress_shown(run.quiet) as progress:
        titles: list[str] = []
        articles: Iterable[Article] = _noted(articles_of(run), titles)
        if retrains:
            articles = list(articles)
            trained = retrain(articles, says, settings=run.settings, progress=progress)
        tuned = tune(
            articles,
            says,
            settings=trained.settings if trained else run.settings,
            precision=want_precision,
            recall=want_recall,
            was=run.settings,
            progress=progress,
        )
    run.warn()
    if trained:
        _print_retraining(trained)
    _print_tuning(tuned)
    if output:
        write_page(output, (f"# {_told(trained)}\n" if trained else "") + tuned.toml)
    elif trained and trained.check.better:
        click.echo("the retrained weights are not kept; cure: -o FILE writes them, for --settings", err=True)
    if html:
        from clusterer.report.render import render

        write_page(html, render("tune.html", language or language_of(titles), **_tuning_page(tuned)))
    run.check()


def _noted(articles: Iterable[Article], titles: list[str]) -> Iterator[Article]:
    """The articles; the titles of the first are noted, they tell the language of the page."""
    for article in articles:
        if len(titles) < _TITLES:
            titles.append(article.title or article.text)
        yield article


def articles_of(run: Run) -> Iterator[Article]:
    """The articles of a run; where all rows are bad, that is what is told, not that gold's are missing."""
    yield from (row.article for row in run.feed)
    if not run.feed.rows:
        refuse_empty(run.feed)
        run.refuse_nothing()


def _print_retraining(trained: Retraining) -> None:
    check = trained.check
    click.echo(
        f"weights: {check.pairs:,} pairs of texts; each judged by weights that saw none of its {check.events:,} events"
    )
    click.echo(f"{'':12}{'precision':>11}{'recall':>8}{'F1':>8}{'loss':>8}")
    for row, scores, loss in zip(("as it was", "retrained"), (check.before, check.after), check.losses, strict=True):
        click.echo(f"{row:12}{scores.precision:>11.4f}{scores.recall:>8.4f}{scores.f1:>8.4f}{loss:>8.4f}")
    click.echo(f"{_told(trained)}\n")


def _told(trained: Retraining) -> str:
    check = trained.check
    f1 = f"F1 {check.after.f1:.4f} over pairs of events that they did not see (F1 was {check.before.f1:.4f})"
    if check.better:
        return f"weights: retrained ones are better, and are taken: {f1}"
    why = f"no gain beyond chance: {f1}, a lower loss in {check.surely:.0%} of resamples of the events ({SURE:.0%} is asked)"
    if check.few:
        why = (
            f"{check.events:,} events and {check.pairs:,} pairs are too few to tell a gain from chance; {LEAST_EVENTS} events"
            f" and {LEAST_PAIRS} pairs are the least"
        )
    return f"weights: those it had are kept: {why}"


def _print_tuning(tuned: Tuning) -> None:
    for level, tried in tuned.tried.items():
        names = (*COPY_AXES, "story") if level == "story" else COPY_AXES
        kind = "articles" if isinstance(tuned.after[level], Scores) else "judged pairs"
        tell(f"{level}: {tuned.counts[level]:,} {kind}, {len(tried):,} settings tried")
        widths = [max(len(name), 6) + 2 for name in names]
        head = "".join(f"{name:>{width}}" for name, width in zip(names, widths, strict=True))
        tell(f"{'':12}{head}{'precision':>11}{'recall':>8}{'F1':>8}")
        best, after = tuned.best(level), figures(tuned.after[level])
        shown: list[tuple[str, Settings | Tried, tuple[float, float, float]]]
        shown = [("as it was", tuned.start, figures(tuned.before[level])), ("suggested", tuned.suggested, after)]
        shown += [("best F1", best, _of(best))] if best.f1 > after[2] + 1e-9 else []
        for row, setting, scores in shown:
            values = "".join(f"{getattr(setting, n):>{w}g}" for n, w in zip(names, widths, strict=True))
            tell(f"{row:12}{values}{scores[0]:>11.4f}{scores[1]:>8.4f}{scores[2]:>8.4f}")
        if level in tuned.stays:
            tell(f"{level}: {STAYS}")
        tell()
    tell(f"{'the whole feed':30}{'as it was':>11}{'suggested':>11}")
    for name, count in tuned.feed[0].items():
        tell(f"{name:30}{count:>11,}{tuned.feed[1][name]:>11,}")
    tell()
    for warning in tuned.warnings:
        tell(f"warning: {warning}", err=True)
    for level in tuned.missed:
        assert tuned.wish is not None
        wished, value = tuned.wish
        tell(f"{level}: no setting tried has a {wished} of {value:g}; the nearest is suggested", err=True)
    changed = _changed(tuned)
    options = " ".join(f"--{name} {value:g}" for name, _, value in changed)
    tell(f"suggested: {options}" if changed else "suggested: the settings as they were")


def _changed(tuned: Tuning) -> list[tuple[str, float, float]]:
    """Threshold, value before, value suggested, of those that differ."""
    both = ((n, getattr(tuned.start, n), getattr(tuned.suggested, n)) for n in (*COPY_AXES, "story"))
    return [(n, old, new) for n, old, new in both if old != new]


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
                "counted": message("n.articles" if isinstance(after, Scores) else "n.judged", n=tuned.counts[level]),
                "tried": message("n.tried", n=len(tuned.tried[level])),
                "rows": [
                    ("tune.before", *figures(tuned.before[level])),
                    ("tune.after", *figures(after)),
                    ("tune.best", *_of(tuned.best(level))),
                ],
                "missed": level in tuned.missed,
                "stays": level in tuned.stays,
            }
        )
    return {
        "gold": tuned.gold,
        "wish": tuned.wish,
        "cautions": tuned.cautions,
        "levels": levels,
        "sweeps": sweeps,
        "changed": _changed(tuned),
        "feed": [(message(f"stat.{name}"), count, tuned.feed[1][name]) for name, count in tuned.feed[0].items()],
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
