"""`clusterer explain`: one pair of articles, on the terminal, as a page or as JSON. Parse, call the library, show."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any

import click
import orjson

from clusterer.articles import Article
from clusterer.cli.help import SectionedCommand
from clusterer.cli.options import language_option, reading_options, settings_options
from clusterer.cli.output_names import OutputPath
from clusterer.cli.run import feed_of, keep_apart, settings_of, tell_damage
from clusterer.cli.stages import progress_shown
from clusterer.cli.terminal import isolated, plain, tell
from clusterer.errors import InputError
from clusterer.explanation.evidence import Explanation, Step, path, steps
from clusterer.explanation.explainer import Explainer
from clusterer.explanation.highlights import Piece
from clusterer.index.story_index import StoryIndex
from clusterer.io.atomic import atomic_output
from clusterer.io.dates import on_clock, zone_from
from clusterer.io.feed import Feed
from clusterer.io.guard import json_line
from clusterer.messages import Language, language_of, message, worded
from clusterer.results import LEVELS, Assignment

if TYPE_CHECKING:
    from rich.text import Text

_SHOWN = 700  # letters of each text on a terminal
_MARKED, _CUT = ("[", "]"), ("{", "}")  # where there are no colours


@click.command("explain", cls=SectionedCommand)
@click.argument("a")
@click.argument("b")
@partial(reading_options, required=False)
@click.option("--result", type=click.Path(exists=True, dir_okay=False), help="lines that cluster wrote of these inputs")
@click.option("--index", "index", type=click.Path(dir_okay=False), help="a living index that holds both")
@click.option("--html", type=OutputPath("html"), help="file for a page that shows it, in Arabic with --language ar")
@language_option
@click.option("--json", "as_json", is_flag=True, help="as JSON")
@settings_options
def explain_command(
    a: str,
    b: str,
    result: str | None,
    index: str | None,
    html: str | None,
    language: Language | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Say why articles A and B are together, or not.

    Levels, scores and what they are made of, the links between them, and the passages that they share.

    A and B are ids in INPUT, which is grouped anew, in a living --index, or in a --result, which by itself knows levels and
    links only. Without any of these, A and B are two text files.

    Example: clusterer explain marsad-14 aldifaf-14 data/feed.jsonl
    """
    inputs: tuple[str, ...] = options["inputs"]
    if index and (inputs or result):
        raise click.UsageError("--index holds all that is needed; leave out INPUT and --result")
    if result and not inputs:
        if html or as_json:
            raise click.UsageError("a result holds no texts; name the INPUT that it was made of, too")
        _show_recorded(a, b, _recorded(result))
        return
    if index:
        keep_apart([html], [index])
        with StoryIndex.open(index, must_exist=True) as store:
            found = store.explain(a, b)
    elif inputs:
        feed = feed_of(options)
        keep_apart([html], [*feed.paths, *([result] if result else [])])
        with progress_shown(options["quiet"]) as progress:
            explainer = Explainer(_Walkable(feed), settings_of(options), progress=progress)
        for file in [] if options["quiet"] else feed.damaged_files:
            tell(
                f"{file.file}: {f'{file.rows:,} rows of it are read' if file.rows else 'unreadable'}; {file.reason}",
                err=True,
            )
        found = explainer.explain(a, b)
        if not options["quiet"]:
            tell_damage(feed.damaged_files)
        if result:
            _hold_against(found, result)
    else:
        found = _of_files(a, b, options)
    zone = zone_from(options["timezone"])
    shown = _on_clock(found, zone)
    if html:
        from clusterer.report.render import render

        with atomic_output(html) as out:
            spoken = language or language_of(article.text for article in found.articles)
            out.write(render("explain.html", spoken, e=shown, zone=zone and str(zone)).encode("utf-8", "replace"))
    if as_json:
        sys.stdout.buffer.write(json_line(found.as_dict(), option=orjson.OPT_INDENT_2))
    elif html:
        tell(f"{found.verdict} Written to {html}.")
    else:
        _show(shown)


def _on_clock(found: Explanation, zone: tzinfo | None) -> Explanation:
    """The same for a person to read, dates as the clock of a zone tells them."""
    one, other = (
        replace(article, date=told)
        if article.date and isinstance(told := on_clock(article.date, zone), datetime)
        else article
        for article in found.articles
    )
    return replace(found, articles=(one, other))


class _Walkable:
    """The articles of a feed, read anew at each walk."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def __iter__(self) -> Iterator[Article]:
        return (row.article for row in self._feed)


def _of_files(a: str, b: str, options: dict[str, Any]) -> Explanation:
    articles = []
    for name in (a, b):
        if not os.path.isfile(name):
            raise InputError(
                f"{name!r} is no file; cure: name two text files, or say where the articles are: INPUT, --index, --result"
            )
        found = [row.article for row in feed_of({**options, "inputs": (name,), "format_": options["format_"] or "txt"})]
        if len(found) != 1:
            raise InputError(
                f"{name}: {len(found)} articles; cure: a file with one text, or two ids and the file as INPUT"
            )
        articles.append(replace(found[0], id=name))
    if os.path.samefile(a, b):
        raise InputError(f"{a} and {b} are one file; cure: name two")
    return Explainer(articles, settings_of(options)).explain(a, b)


def _recorded(result: str) -> dict[str, Assignment]:
    """The assignments of a result, by id."""
    out = {}
    with open(result, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = orjson.loads(line)
                out[row["id"]] = Assignment(**{name: row.get(name) for name in Assignment._fields if name in row})
            except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
                raise InputError(
                    f"{result}, line {number}: not a line that cluster writes ({error}); cure: name a result file"
                ) from None
    return out


def _one(assignments: dict[str, Assignment], id: str, result: str = "the result") -> Assignment:
    if id not in assignments:
        raise InputError(f"no article {id!r} in {result}; cure: an id as it stands there")
    return assignments[id]


def _hold_against(found: Explanation, result: str) -> None:
    recorded = _recorded(result)
    for assignment in found.assignments:
        other = _one(recorded, assignment.id, result)
        if (assignment.story, assignment.copy, assignment.exact) != (other.story, other.copy, other.exact):
            raise InputError(
                f"{result}: article {assignment.id!r} is in story {other.story!r} and copy group {other.copy!r} there, in"
                f" {assignment.story!r} and {assignment.copy!r} here; cure: give the inputs and settings that it was made with"
            )


def _show_recorded(a: str, b: str, assignments: dict[str, Assignment]) -> None:
    one, other = _one(assignments, a), _one(assignments, b)
    level = next((level for level in LEVELS if getattr(one, level) == getattr(other, level)), None)
    tell(f"{a} and {b}: {f'together at level {level}' if level else 'apart'}")
    for x in (one, other):
        tell(f"  {x.id}: story {x.story}, copy group {x.copy}, exact {x.exact}")
    _show_path(steps(a, path(one, other, assignments.__getitem__), {}))
    tell("\nScores of the pair itself, and texts: name the INPUT of the result, too.")


def _show(e: Explanation) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 110, highlight=False, markup=False, emoji=False)

    def say(text: str, style: str | None = None) -> None:
        shown = plain(text)
        console.print(isolated(shown) if console.is_terminal else shown, style=style)

    for article in e.articles:
        say(f"{article.title or article.text[:80]}", style="bold")
        say(f"  {article.id}  {article.outlet or 'no source'}  {article.when or 'no date'}", style="dim")
    say(f"\n{e.verdict}", style="bold")
    for reason in e.reasons:
        say(f"- {reason}")
    _show_path(e.path)
    if e.copying:
        x = e.copying
        met = f"{len(x.bands)} of {x.of_bands} bands and {x.samples} sampled shingles"
        say(
            f"\nAs shingles: Jaccard {x.jaccard:.4f}, containment {x.containment:.4f}, opening {x.opening:.4f} and"
            f" {x.own_opening:.4f}; {met}"
        )
        say("in common" + (f" (bands {', '.join(map(str, x.bands))})" if x.bands else ""))
    if e.reporting:
        r = e.reporting
        say(f"\nAs reports: score {r.score:.4f} = 1 / (1 + e^-sum); {r.slots} of {r.of_slots} slots of the leads equal")
        if e.by_others:
            say(worded(message("explain.measured_on", a=r.texts[0], b=r.texts[1])))
        table = Table(box=None, padding=(0, 2, 0, 0))
        for name in ("feature", "value", "points", ""):
            table.add_column(name, justify="right" if name in ("value", "points") else "left")
        for part in (part for part in r.parts if part.points or part.value is None):
            value = "unknown" if part.value is None else f"{part.value:.4f}"
            table.add_row(part.name, value, f"{part.points:+.3f}", part.meaning)
        table.add_row("", "", f"{r.bias:+.3f}", "where the sum starts")
        console.print(table)
        if r.words:
            say(
                "\nShared words, what weighs most first (rarity; part in the likeness of leads, of whole texts, of titles)"
            )
            table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
            for word in r.words:
                weights = (f"{x:.3f}" for x in (word.lead, word.body, word.title))
                table.add_row(plain(word.word), f"{word.rarity:.1f}", *weights)
            console.print(table)
    colours, marks = sys.stdout.isatty(), "own" if e.level in ("exact", "copy") else "shared"
    how, cut = ("highlighted", "struck out") if colours else ("[...]", "{...}")
    what = "the other has not" if marks == "own" else "stands in both"
    say(f"\nThe texts: {how} what {what}, {cut} what was cut")
    for article, pieces in zip(e.articles, e.passages, strict=True):
        say(f"\n{article.id}", style="dim")
        console.print(_marked(pieces, marks, colours))


def _show_path(links: Sequence[Step]) -> None:
    if links:
        tell("\nLinks that were verified, from one to the other:")
    for step in links:
        tell(f"  {step.a} - {step.assignment.relation} {step.assignment.score:.4f} - {step.b}")


def _marked(pieces: Sequence[Piece], marks: str, colours: bool) -> Text:
    from rich.text import Text

    out, left = Text(), _SHOWN
    for piece in pieces:
        text = piece.text[:left]
        before, after = (
            ("", "") if colours or piece.kind not in (marks, "cut") else _MARKED if piece.kind == marks else _CUT
        )
        style = (
            "" if not colours else "bold yellow" if piece.kind == marks else "dim strike" if piece.kind == "cut" else ""
        )
        lead = text[: len(text) - len(text.lstrip())]
        out.append(plain(f"{lead}{before}{text[len(lead) :]}{after}"), style=style)
        left -= len(piece.text)
        if left <= 0:
            out.append(" ...")
            break
    return out
