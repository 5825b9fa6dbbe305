"""What `--help` and `--help-all` show, shell completion, and what is meant where a name was mistyped."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import commands
import pytest
from click.testing import CliRunner
from places import ROOT

from clusterer import cluster
from clusterer.cli.help import SectionedCommand
from clusterer.cli.main import cli

FEED = ROOT / "data" / "feed.jsonl"
SECTIONS = ["Input", "Output", "What is a copy", "What is a story", "Sketching", "Run"]


def all_commands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from all_commands(command, *path, name)
        else:
            yield (*path, name)


def command_at(path: tuple[str, ...]) -> click.Command:
    command: click.Command = cli
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    return command


def shown(*words: str) -> str:
    done = CliRunner().invoke(cli, [*words], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def options_in(text: str) -> list[str]:
    """The long name, or the first, of every option that a help text lists."""
    lines = re.findall(
        r"^  (-\S.*?)(?:  |$)",
        re.split(r"^(?:Options|Input|Output|What is a copy):$", text, maxsplit=1, flags=re.M)[1],
        re.M,
    )
    return [re.findall(r"--[a-z][a-z-]*", line)[0] for line in lines]


@pytest.mark.parametrize("path", list(all_commands(cli)), ids=" ".join)
def test_help_shows_ten_options_and_help_all_every_one_once(path: tuple[str, ...]) -> None:
    command = command_at(path)
    assert isinstance(command, SectionedCommand)
    few, every = options_in(shown(*path, "--help")), options_in(shown(*path, "--help-all"))
    own = [option.opts for option in command.params if isinstance(option, click.Option) and option.name != "help_all"]
    long = sorted(next(name for name in names if name.startswith("--")) for names in own)
    assert sorted(set(every) - {"--help"}) == long
    assert len(every) == len(set(every)) == len(own) + 1
    assert len(set(few) - {"--help", "--help-all"}) <= 10
    assert ("--help-all" in few) == (len(own) > 10)
    assert set(few) <= {*every, "--help-all"}


def test_help_all_is_in_sections() -> None:
    text = shown("cluster", "--help-all")
    assert re.findall(r"^([A-Z][^\n]*):$", text, re.M) == SECTIONS
    parts = re.split(r"^(?:Options|Input|Output|What is a copy|What is a story|Sketching|Run):$", text, flags=re.M)[1:]
    section = {
        name: section for section, part in zip(SECTIONS, parts, strict=True) for name in options_in(f"Options:\n{part}")
    }
    assert section["--encoding"] == "Input"
    assert section["--pairs"] == "Output"
    assert section["--containment"] == "What is a copy"
    assert section["--weights"] == "What is a story"
    assert section["--slots"] == "Sketching"
    assert section["--threads"] == "Run"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_what_the_shell_takes(shell: str, tmp_path: Path) -> None:
    script = shown("completion", shell)
    assert "_CLUSTERER_COMPLETE" in script
    if not shutil.which(shell):
        return
    (tmp_path / "script").write_text(script)
    done = subprocess.run([shell, "-n", tmp_path / "script"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("typed", "completed"),
    [("clu", "cluster"), ("index ba", "backup"), ("cluster --jacc", "--jaccard"), ("cluster --level st", "story")],
)
def test_words_are_completed(typed: str, completed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_CLUSTERER_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", f"clusterer {typed}")
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split())))
    assert commands.run_in_text().stdout.splitlines() == [f"plain,{completed}"]


def test_inputs_are_completed_by_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ, "_CLUSTERER_COMPLETE": "bash_complete"})
    os.environ |= {"COMP_WORDS": "clusterer cluster da", "COMP_CWORD": "2"}
    assert commands.run_in_text().stdout.splitlines() == ["file,da"]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["clustre", FEED], "cluster"),
        (["index", "bakcup", "a", "b"], "backup"),
        (["cluster", FEED, "--jacard", "0.5"], "--jaccard"),
        (["cluster", FEED, "--level", "stroy"], "story"),
        (["cluster", FEED, "--format", "josnl"], "jsonl"),
        (["cluster", FEED, "--text-field", "contnet"], "content"),
        (["cluster", FEED, "--with", "contnet", "-o", "out.jsonl"], "content"),
        (["dedup", FEED, "--keep", "longst"], "longest"),
        (["cluster", FEED, "--limits", "ratoi=3"], "ratio"),
        (["index", "stories", "news.db", "--with", "titel"], "title"),
        (["index", "stories", "news.db", "--sort", "siez"], "size"),
        (["cluster", FEED, "--settings", "settings.toml"], "jaccard"),
        (["completion", "fsh"], "fish"),
    ],
)
def test_what_was_meant_is_told(words: list[object], meant: str, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("jacard = 0.5\n")
    done = commands.run_in_text(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.search(rf"did you mean (one of: [^?]*)?'{meant}'", done.stderr, re.I), done.stderr
    assert not (tmp_path / "out.jsonl").exists()


def test_the_library_is_silent_and_the_command_logs_where_asked(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    with caplog.at_level(logging.INFO, "clusterer"):
        cluster(["نص قصير عن أمر ما في مدينة بعيدة"])
    assert "grouped: 1 articles" in caplog.text
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("clusterer").handlers
    for words, says in (([], False), (["-v"], True)):
        done = commands.run_in_text(*words, "cluster", FEED, "-q", "-o", tmp_path / "out.jsonl")
        assert ("grouped: 130 articles" in done.stderr) == says
