"""`clusterer dedup --unit paragraph`: recurring paragraphs go, articles stay. Calls `find_recurring`, writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from clusterer.cli.manifest import about, write_stats
from clusterer.cli.row_outputs import Fate, RowOutputs
from clusterer.cli.run import Run, refuse_empty, tell_written
from clusterer.cli.terminal import tell
from clusterer.io.row_edits import RowEditor
from clusterer.io.rows import Row
from clusterer.paragraphs import ParagraphDeduplication, find_recurring, without_paragraphs


def remove_paragraphs(output: str, removed: str | None, options: Mapping[str, Any]) -> None:
    """Write the articles of inputs without the paragraphs that stand in an earlier one.

    Args:
        output: as for `dedup`.
        removed: the file of what goes, a line a paragraph; None for none.
        options: of the command.
    """
    run = Run(output, options, written=[removed], resumes=True)
    outputs = RowOutputs(run, output, removed)
    unplaced: list[int] = []
    with run.going_on():
        done = find_recurring(run.reader.articles(), run.settings, run.stages)
        if not done.stats["articles"]:
            refuse_empty(run.feed)
            run.refuse_nothing()
        run.stages.begin("writing", done.stats["articles"])
        entries = outputs.write(_fate(done, unplaced, options["text_field"]))
        stats = dict(done.stats)
        if unplaced:
            stats["articles left as they are: their text is not one field"] = len(unplaced)
        if outputs.is_folder:
            outputs.finish(about(run, stats), entries)
    run.summarise(stats)
    write_stats(run, stats)
    if not run.quiet:
        if unplaced:
            tell(
                f"{len(unplaced):,} articles keep recurring paragraphs: their text is not one field of the row",
                err=True,
            )
        tell_written(output, removed, run.stats_path)
    run.check()


def _fate(done: ParagraphDeduplication, unplaced: list[int], text_field: str | None) -> Fate:
    gone, editor = done.by_article(), RowEditor(text_field=text_field)

    def changed(number: int, row: Row) -> Row | None:
        if number not in gone:
            return row
        edited = editor.with_text(row, without_paragraphs(row.article.text, gone[number]))
        if edited is None:
            unplaced.append(number)
            return row
        return edited

    def aside(number: int, row: Row) -> bytes | None:
        if number not in gone:
            return None
        lines = row.article.text.split("\n")
        return b"\n".join(
            orjson.dumps(
                {
                    "id": removal.id,
                    "paragraph": removal.paragraph,
                    "kept": removal.kept,
                    "words": removal.words,
                    "file": row.file,
                    "row": row.line,
                    "text": lines[removal.paragraph],
                }
            )
            for removal in gone[number]
        )

    return Fate(changed, lambda start, stop: [gone.get(number) for number in range(start, stop)], aside)
