"""`clusterer dedup`: one article of every group of copies, whole and in its own format. Parse, call `cluster`, write."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Any

import click
import orjson

from clusterer.cli.cluster import _CHANGED
from clusterer.cli.options import SectionedCommand, input_options, output_option, settings_options
from clusterer.cli.run import Run, tell_written
from clusterer.errors import InputError
from clusterer.io.atomic import atomic_output
from clusterer.io.formats import given_back_as
from clusterer.io.rows import Row, as_json
from clusterer.io.writers import form_for, write_rows


@click.command("dedup", cls=SectionedCommand)
@input_options
@output_option
@click.option("--removed", type=click.Path(dir_okay=False), help="file for the removed articles, with what kept them")
@partial(settings_options, level="copy")
def dedup_command(output: str, removed: str | None, **options: Any) -> None:
    """Keep one article of every group of copies; write them whole, in their own format and order.

    Articles of RSS files and of .txt folders are written as JSON lines. Tables become JSON lines too where -o ends in
    .jsonl, and CSV becomes TSV where it ends in .tsv. CSV that was not in UTF-8 gets a byte order mark, for Excel.

    Which one is kept: --representative. With --level exact only identical texts are removed, with --level story also
    reports of one event in other words. A line of --removed has
    id, kept (the id of the article that stands for it), relation, score, linked_to and the whole article.

    Example: clusterer dedup feed.csv -o unique.csv --removed removed.jsonl
    """
    run = Run(output, options, written=[removed])
    form = form_for(output, given_back_as(run.feed.format))
    if form == "parquet":
        run.feed.shards.refuse_conflicts()
    if removed:
        form_for(removed, ("jsonl",), "--removed")
    level = run.settings.level
    with run.quarantine, contextlib.ExitStack() as stack:
        aside = stack.enter_context(atomic_output(removed)) if removed else None
        result = run.cluster()
        keeper = {getattr(a, level): a.id for a in result if a.representative}

        def kept() -> Iterator[Row]:
            rows = iter(run.feed)
            for a in result:
                row = next(rows, None)
                if row is None:
                    raise InputError(_CHANGED)
                name = keeper[getattr(a, level)]
                if name == a.id:
                    yield row
                elif aside:
                    why = {"id": a.id, "kept": name, "relation": a.relation, "score": a.score, "linked_to": a.linked_to}
                    aside.write(orjson.dumps({**why, "article": orjson.Fragment(as_json(row))}) + b"\n")
            if next(rows, None) is not None:
                raise InputError(_CHANGED)

        write_rows(output, kept(), form)
    run.summarise({**result.stats, "articles kept": len(keeper)})
    if not run.quiet:
        tell_written(output, removed)
    run.check()
