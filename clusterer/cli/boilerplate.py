"""`clusterer boilerplate`: what is cut from each article, a line each. Parse, call `explanation.highlights`, write."""

from __future__ import annotations

from typing import Any

import click

from clusterer.cli.help import SectionedCommand
from clusterer.cli.options import input_options, output_option, settings_options
from clusterer.cli.run import Run, refuse_empty
from clusterer.io.atomic import atomic_output
from clusterer.io.guard import json_line


@click.command("boilerplate", cls=SectionedCommand)
@input_options
@output_option
@settings_options
def boilerplate_command(output: str, **options: Any) -> None:
    """Show what is cut from the articles of INPUT before they are compared.

    One line for every article that loses something: id, source, removed (a list of passages, each with its reason). Holds
    all texts.

    Example: clusterer boilerplate feed.jsonl | head
    """
    from clusterer.explanation.highlights import removed_passages

    run = Run(output, options)
    with run.quarantine, atomic_output(output) as out:
        for article, passages in removed_passages((row.article for row in run.feed), run.settings):
            if passages:
                row = {
                    "id": article.id or article.url,
                    "source": article.outlet,
                    "removed": [x._asdict() for x in passages],
                }
                out.write(json_line(row))
        if not run.feed.rows:
            refuse_empty(run.feed)
            run.refuse_nothing()
    run.warn()
    run.check()
