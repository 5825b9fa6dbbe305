"""Options that do nothing beside others are refused; beside a preset or a file of settings they stand."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from clusterer.cli.cluster import cluster_command
from clusterer.cli.contradictions import NEEDS
from clusterer.cli.dedup import dedup_command
from clusterer.cli.explain import explain_command


def _refusal(command: click.Command, words: str) -> str:
    try:
        command.make_context("x", ["feed.jsonl", *words.split()])
    except click.UsageError as error:
        return error.format_message()
    return ""


@pytest.mark.parametrize(
    ("command", "words", "told"),
    [
        (
            cluster_command,
            "--level copy --story 0.7",
            "--story 0.7 does nothing with --level copy; cure: --level story, ",
        ),
        (
            cluster_command,
            "--level exact --jaccard 0.9",
            "--jaccard 0.9 does nothing with --level exact; cure: --level copy",
        ),
        (
            cluster_command,
            "--no-cuts --containment 0.9",
            "--containment 0.9 does nothing with --no-cuts; cure: --cuts, or",
        ),
        (
            dedup_command,
            "--unit paragraph --jaccard 0.5",
            "--jaccard 0.5 does nothing with --unit paragraph; cure: leave one",
        ),
        (dedup_command, "--unit paragraph --no-cuts", "--no-cuts does nothing with --unit paragraph; cure: leave one"),
        (
            dedup_command,
            "--quote 13 --level exact",
            "--level exact does nothing with --quote 13; cure: leave one of them out",
        ),
        (dedup_command, "--quote 13 --keep earliest", "--keep earliest does nothing with --quote 13"),
        (dedup_command, "--story 0.7", "--story 0.7 does nothing with --level copy; cure: --level story"),
        (
            cluster_command,
            "--language ar",
            "--language ar does nothing without --report; cure: --report FILE, or leave --language ar out",
        ),
        (explain_command, "other --language en", "--language en does nothing without --html; cure: --html FILE"),
        (explain_command, "other -o page.html", "No such option '-o'; cure: --html FILE, "),
        (explain_command, "other --output page.html", "No such option '--output'; cure: --html FILE, "),
        (dedup_command, "-o x -o y", "--output is given 2 times and takes one file; cure: leave one out"),
        (
            dedup_command,
            "--text-field a --text-field b",
            "--text-field is given 2 times and takes one field, which is used",
        ),
        (dedup_command, "--removed x --removed y", "--removed is given 2 times"),
    ],
)
def test_options_that_do_nothing_are_refused(command: click.Command, words: str, told: str) -> None:
    assert _refusal(command, words).startswith(told)


def test_what_counts_is_taken(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('level = "exact"\ncuts = false\n')
    for command, words in (
        (cluster_command, "--level copy --jaccard 0.7 --containment 0.9 --cuts"),
        (cluster_command, "--preset corpus --containment 0.9 --story 0.7"),
        (cluster_command, f"--settings {settings} --jaccard 0.7 --containment 0.9"),
        (dedup_command, "--level story --story 0.7 --against a --against b"),
        (dedup_command, "--unit paragraph --min-words 3"),
        (dedup_command, "--level exact --keep longest --min-words 3 --window 3d"),
        (dedup_command, "--jaccard 0.5 --jaccard 0.6"),
        (cluster_command, "--language ar --report page.html"),
        (explain_command, "other --language ar --html page.html"),
    ):
        assert _refusal(command, words) == ""


def test_the_table_knows_options_of_commands_alone() -> None:
    known = {option.name for command in (cluster_command, dedup_command, explain_command) for option in command.params}
    named = {name for need in NEEDS for name in (*need.names, need.other)}
    assert named <= known
