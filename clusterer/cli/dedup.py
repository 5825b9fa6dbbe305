"""`clusterer dedup`: what stays and what goes, whole and in its own format. Parse, call `deduplicate`, write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from itertools import chain
from typing import Any

import click
import numpy as np
import orjson
from numpy.typing import NDArray

from clusterer.cli.against import AgainstFeed, fields_apart
from clusterer.cli.help import SectionedCommand
from clusterer.cli.manifest import about, stats_option, write_stats
from clusterer.cli.options import (
    OF_PRESET,
    ManyOption,
    guard_option,
    input_options,
    is_given,
    pairs_option,
    rows_option,
    settings_options,
    versions_option,
)
from clusterer.cli.output_names import OutputPath
from clusterer.cli.paragraphs import remove_paragraphs
from clusterer.cli.result_tables import write_pairs
from clusterer.cli.row_outputs import Fate, RowOutputs
from clusterer.cli.run import Run, refuse_empty, tell_written
from clusterer.cli.spark import engine_options
from clusterer.cli.spark_dedup import dedup_on_spark
from clusterer.cli.terminal import tell
from clusterer.corpus import gather
from clusterer.deduplication import (
    KEEP,
    Deduplication,
    Removal,
    deduplicate,
    quoting,
    with_versions,
)
from clusterer.errors import InputError
from clusterer.io.added_fields import STORED, AddedFields
from clusterer.io.atomic import atomic_output
from clusterer.io.column_values import refuse_containers
from clusterer.io.nulls import with_nulls
from clusterer.io.rows import Row, as_json
from clusterer.io.writers import result_form
from clusterer.pipeline import clocks_apart, group_corpus, refuse_foreign_weights, unheeded
from clusterer.quotations import benchmark_runs
from clusterer.settings import Settings

_NO_ARTICLES = "--unit paragraph compares no articles; cure: leave --pairs, --against, --quote and --unique-url out"


@click.command("dedup", cls=SectionedCommand)
@input_options
@rows_option
@click.option("--removed", type=OutputPath("jsonl"), help="file for the removed articles, with what kept them")
@click.option(
    "--keep",
    metavar="ORDER",
    default="longest",
    show_default=True,
    help=f"which one is kept: {', '.join(KEEP)}, a field with its smallest value first, or 'FIELD desc' with its largest;"
    f" {', '.join(STORED)} are the article's, whatever their columns are called",
)
@click.option(
    "--against",
    metavar="OLD...",
    cls=ManyOption,
    multiple=True,
    help="files, folders or an index of what is there already: what is verified against it goes from INPUT as well; it all"
    " stays, and is not written",
)
@click.option(
    "--quote",
    metavar="N",
    type=click.IntRange(1, 1000),
    help="instead of copies remove what has N words in a row in common with a text or title of --against, such as 13 for a"
    " benchmark",
)
@pairs_option
@versions_option
@stats_option
@guard_option
@engine_options
@partial(settings_options, level="copy", also_unit=("paragraph",))
def dedup_command(
    output: str,
    removed: str | None,
    keep: str,
    pairs: str | None,
    against: tuple[str, ...],
    quote: int | None,
    guard: bool,
    engine: str,
    **options: Any,
) -> None:
    """Keep one article of what is printed again and again; write what stays whole, in its own format and order.

    Articles of RSS files and of .txt folders are written as JSON lines. Tables become JSON lines too where -o ends in
    .jsonl, and CSV becomes TSV where it ends in .tsv. CSV that was not in UTF-8 gets a byte order mark, for Excel.

    An article goes only if it was verified against one that stays: as the same text, as a copy of it or as a cut of it, and
    only if that one holds nearly all of its words. With --level exact only identical texts go, with --level story also
    reports of one event in other words. A line of --removed has id, kept (the id of the article that stays for it),
    relation, score, words_lost, file, row, kept_file, kept_row (where that one stands) and the whole article; of --quote also
    quotes, what matched where.

    With --unit paragraph all articles stay, and lose the paragraphs that stand in an earlier one.

    Over several inputs a killed run goes on where it was when the same command is run again.

    Example: clusterer dedup feed.csv -o unique.csv --removed removed.jsonl
    """
    if engine == "spark":
        dedup_on_spark(output, removed, keep, {**options, "pairs": pairs, "against": against, "quote": quote})
        return
    if options["unit"] == "paragraph":
        if pairs or against or quote or options["unique_url"]:
            raise click.UsageError(_NO_ARTICLES)
        remove_paragraphs(output, removed, {**options, "unit": "word", "min_words": _paragraph_words(options)})
        return
    _refuse_together(pairs, against, quote, options["unique_url"])
    options, of_old = fields_apart(options, against) if against else (options, options)
    run = Run(output, {**options, "against": against}, written=[removed, pairs], resumes=True)
    outputs = RowOutputs(run, output, removed)
    pairs_form = result_form(pairs, "--pairs") if pairs else ""
    old = AgainstFeed(against, of_old, run, [output, removed, pairs]) if against else None
    with run.going_on() as stack:
        listed = stack.enter_context(atomic_output(pairs)) if pairs else None
        result = _quoting(run, old, quote) if quote and old else _copies(run, old, keep, (listed, pairs_form, guard))
        entries = outputs.write(_fate(result, old, run.reader.place))
        if outputs.is_folder:
            outputs.finish(about(run, result.stats), entries)
    run.summarise(result.stats)
    write_stats(run, result.stats)
    if not run.quiet:
        tell_written(output, removed, pairs, run.stats_path)
    run.check()


def _refuse_together(pairs: str | None, against: tuple[str, ...], quote: int | None, unique_url: bool) -> None:
    """Refuse options that mean nothing beside one another.

    Raises:
        click.UsageError: names them, with the cure.
    """
    if quote and not against:
        raise click.UsageError("--quote N is of a benchmark; cure: name it with --against")
    if quote and pairs:
        raise click.UsageError("--pairs is not written with --quote; cure: --removed, it tells what matched where")
    if against and unique_url:
        raise click.UsageError(
            "--unique-url is of INPUT alone, and --against is given; cure: dedup --unique-url before, and what it keeps --against"
        )


def _paragraph_words(options: dict[str, Any]) -> int:
    """What --min-words is for paragraphs: that of a preset is about whole texts."""
    context = click.get_current_context()
    is_of_preset = "min_words" in context.meta.get(OF_PRESET, ()) and not is_given(context, "min_words")
    return Settings().min_words if is_of_preset else int(options["min_words"])


def _copies(run: Run, old: AgainstFeed | None, keep: str, listed: tuple[Any, str, bool]) -> Deduplication:
    """What stays of a run's articles where copies go; the pairs are written on the way."""
    before = old.chunks() if old else iter(())
    parts = old.parts if old else ()
    refuse_foreign_weights(run.settings)
    corpus = gather(chain(before, run.chunks()), run.settings, run.stages, parts, run.store)
    done = group_corpus(corpus, run.settings, run.stages, keep=True)
    count = old.parts[0] if old else 0
    if len(corpus.ids) == count:
        refuse_empty(run.feed)
        run.refuse_nothing()
    run.notes += [*unheeded(corpus, run.settings, keep, run.versions), *clocks_apart(done)]
    run.stages.begin("choosing", len(corpus.ids))
    values = None if keep in KEEP else _values(run, keep.removesuffix(" desc"))
    if values is not None and run.versions:
        values = [values[place] for place in run.versions.places]
    result = deduplicate(done, run.settings, keep, values, old=count)
    gone = Counter(map(corpus.outlets.__getitem__, (count + result.places).tolist()))
    run.removed_by_outlet = dict(gone.most_common())
    if run.versions:
        result = with_versions(result, done, run.versions)
    out, form, guard = listed
    if out:
        write_pairs(out, done, run, form, guard, partial(_place, old, count, run.place_of))
    run.stages.begin("writing", len(result.ids))
    return result


def _place(
    old: AgainstFeed | None, count: int, place: Callable[[int], tuple[str, int]], number: int
) -> tuple[str, int | None]:
    """File and row of an article of a run, of which so many are only compared against."""
    return old.place(number) if old and number < count else place(number - count)


def _quoting(run: Run, old: AgainstFeed, length: int) -> Deduplication:
    """What stays of a run's articles where those that quote go."""
    runs = benchmark_runs(old.articles(length), length, run.settings)
    if runs.short and not run.quiet:
        tell(
            f"{runs.short:,} of {len(runs.ids):,} texts of --against have fewer than {length} words and are not looked for;"
            " cure: a lower --quote",
            err=True,
        )
    result = quoting(run.reader.articles(), runs, progress=run.stages)
    if not result.ids:
        refuse_empty(run.feed)
        run.refuse_nothing()
    run.stages.begin("writing", len(result.ids))
    return result


def _fate(result: Deduplication, old: AgainstFeed | None, stood: Callable[[int], tuple[str, int]]) -> Fate:
    """What becomes of the articles of a run of which some go; `stood` tells file and row of one by its number."""
    places = result.places

    @cache
    def gone() -> dict[int, Removal]:
        return {removal.place: removal for removal in result.removed}

    def aside(number: int, row: Row) -> bytes | None:
        removal = gone().get(number)
        if removal is None:
            return None
        place = old.place if old and removal.is_against else stood
        why: dict[str, Any] = {
            "id": removal.id,
            "kept": removal.kept,
            "relation": removal.relation,
            "score": removal.score,
            "words_lost": removal.words_lost,
            "file": row.file,
            "row": row.line,
            **dict(zip(("kept_file", "kept_row"), place(removal.kept_place), strict=True)),
        }
        if old:
            why["against"] = removal.is_against
        if old and removal.quotes:
            why["quotes"] = [
                {
                    "quoted": quote.quoted,
                    **dict(zip(("file", "row"), old.place(quote.quoted_place), strict=True)),
                    "words": quote.words,
                    "field": quote.field,
                    "start": quote.start,
                    "stop": quote.stop,
                    "passage": quote.passage,
                }
                for quote in removal.quotes
            ]
        return orjson.dumps({**why, "article": orjson.Fragment(with_nulls(as_json(row)))})

    def going(start: int, stop: int) -> NDArray[np.int64]:
        first, behind = np.searchsorted(places, (start, stop))
        return places[first:behind]

    def stays(start: int, stop: int) -> NDArray[np.bool_]:
        mask = np.ones(stop - start, dtype=np.bool_)
        mask[going(start, stop) - start] = False
        return mask

    return Fate(
        lambda number, row: None if number in gone() else row,
        lambda start, stop: [gone()[number] for number in going(start, stop).tolist()],
        aside,
        stays,
    )


def _values(run: Run, name: str) -> list[Any]:
    """The values of a field, one an article, None where it is missing."""
    named = AddedFields((name,))
    values = [named.of(row)[name] for row in run.reader.rows_again()]
    values = [None if value == "" else value for value in values]
    if all(value is None for value in values):
        raise InputError(f"--keep {name!r}: no article has that field; cure: {named.instead(name, KEEP)}")
    refuse_containers(f"--keep {name!r}", values)
    return [_number(value) for value in values]


def _number(value: Any) -> Any:
    """A cell as a number where it is one: tables hold texts."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
