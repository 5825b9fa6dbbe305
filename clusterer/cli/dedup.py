"""`clusterer dedup`: what stays and what goes, whole and in its own format. Parse, call `deduplicate`, write."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Any

import click
import orjson

from clusterer.cli.options import (
    SectionedCommand,
    guard_option,
    input_options,
    output_option,
    pairs_option,
    settings_options,
    versions_option,
)
from clusterer.cli.run import CHANGED, Run, tell_written, write_pairs
from clusterer.deduplication import KEEP, deduplicate, with_versions
from clusterer.errors import InputError
from clusterer.io.atomic import atomic_output
from clusterer.io.formats import given_back_as
from clusterer.io.rows import Row, as_json
from clusterer.io.writers import form_for, result_form, write_rows


@click.command("dedup", cls=SectionedCommand)
@input_options
@output_option
@click.option("--removed", type=click.Path(dir_okay=False), help="file for the removed articles, with what kept them")
@click.option(
    "--keep",
    metavar="ORDER",
    default="longest",
    show_default=True,
    help=f"which one is kept: {', '.join(KEEP)}, a field with its smallest value first, or 'FIELD desc' with its largest",
)
@pairs_option
@versions_option
@guard_option
@partial(settings_options, level="copy")
def dedup_command(output: str, removed: str | None, keep: str, pairs: str | None, guard: bool, **options: Any) -> None:
    """Keep one article of what is printed again and again; write what stays whole, in its own format and order.

    Articles of RSS files and of .txt folders are written as JSON lines. Tables become JSON lines too where -o ends in
    .jsonl, and CSV becomes TSV where it ends in .tsv. CSV that was not in UTF-8 gets a byte order mark, for Excel.

    An article goes only if it was verified against one that stays: as the same text, as a copy of it or as a cut of it, and
    only if that one holds nearly all of its words. With --level exact only identical texts go, with --level story also
    reports of one event in other words. A line of --removed has id, kept (the id of the article that stays for it),
    relation, score, words_lost, file, row and the whole article.

    Example: clusterer dedup feed.csv -o unique.csv --removed removed.jsonl
    """
    run = Run(output, options, written=[removed, pairs])
    form = form_for(output, given_back_as(run.feed.format))
    if form == "parquet":
        run.feed.shards.refuse_conflicts()
    if removed:
        form_for(removed, ("jsonl",), "--removed")
    pairs_form = result_form(pairs) if pairs else ""
    with run.quarantine, contextlib.ExitStack() as stack:
        aside = stack.enter_context(atomic_output(removed)) if removed else None
        listed = stack.enter_context(atomic_output(pairs)) if pairs else None
        done = run.pipeline(keep=True)
        values = None if keep in KEEP else _values(run, keep.removesuffix(" desc"))
        if values is not None and run.versions:
            values = [values[place] for place in run.versions.places]
        result = deduplicate(done, run.settings, keep, values)
        if run.versions:
            result = with_versions(result, done, run.versions)
        gone = {removal.place: removal for removal in result.removed}

        def kept() -> Iterator[Row]:
            rows = iter(run.feed)
            for place in range(len(result.ids)):
                row = next(rows, None)
                if row is None:
                    raise InputError(CHANGED)
                removal = gone.get(place)
                if removal is None:
                    yield row
                elif aside:
                    why = {
                        "id": removal.id,
                        "kept": removal.kept,
                        "relation": removal.relation,
                        "score": removal.score,
                        "words_lost": removal.words_lost,
                        "file": row.file,
                        "row": row.line,
                    }
                    aside.write(orjson.dumps({**why, "article": orjson.Fragment(as_json(row))}) + b"\n")
            if next(rows, None) is not None:
                raise InputError(CHANGED)

        write_rows(output, kept(), form)
        if listed:
            write_pairs(listed, done, run, pairs_form, guard)
    run.summarise(result.stats)
    if not run.quiet:
        tell_written(output, removed, pairs)
    run.check()


def _values(run: Run, name: str) -> list[Any]:
    """The values of a field, one an article, None where it is missing."""
    values = [orjson.loads(as_json(row)).get(name) for row in run.feed]
    if all(value is None for value in values):
        raise InputError(f"--keep {name!r}: no article has that field; cure: {', '.join(KEEP)} or the name of a field")
    return [_number(value) for value in values]


def _number(value: Any) -> Any:
    """A cell as a number where it is one: tables hold texts."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
