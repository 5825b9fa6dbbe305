"""Runs over many inputs: outputs by shard, and what a run does that was killed before. Real processes, killed for real."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from commands import run, started

from benchmarks.corpora.generator import feed
from clusterer.cli.dedup import dedup_command
from clusterer.cli.run import _reading_key, feed_of, settings_of
from clusterer.io.feed import Feed

SHARDS = 40


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated articles in 40 files, some rows of which are bad."""
    folder = tmp_path_factory.mktemp("shards")
    rows = list(feed(1_600, seed=5))
    for number in range(SHARDS):
        lines = [orjson.dumps(row, default=str) for row in rows[number * 40 : number * 40 + 40]]
        if number % 9 == 4:
            lines.insert(7, b"{broken")
        (folder / f"part-{number:02}.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """Everything below a folder, hidden files as well."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def words(shards: Path, place: Path, output: str = "kept/") -> list[str]:
    return ["dedup", str(shards), "-o", f"{place}/{output}", "--removed", f"{place}/removed.jsonl"]


def killed_again_and_again(shards: Path, place: Path, output: str, kills: int, seed: int) -> None:
    """Kill runs at any point, so many in the middle, and run each again to its end: the same bytes, and nothing left."""
    reference, temporary = place / "reference", place / "tmp"
    reference.mkdir()
    temporary.mkdir()
    begun = time.monotonic()
    assert run(*words(shards, reference, output)).returncode == 0
    length, expected = time.monotonic() - begun, tree(reference)
    dice, killed, runs, alike = random.Random(seed), 0, 0, 0
    os.environ["TMPDIR"] = str(temporary)
    try:
        while killed < kills:
            folder = place / f"run-{runs}"
            folder.mkdir()
            for _ in range(dice.choice((1, 1, 2))):
                child, begun = started(*words(shards, folder, output)), time.monotonic()
                time.sleep(dice.uniform(0.05, 1.0) * length)
                os.kill(child, signal.SIGKILL)
                in_time = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
                killed += in_time
                length = length if in_time else min(length, 0.9 * (time.monotonic() - begun))  # the machine is idle now
            begun = time.monotonic()
            assert run(*words(shards, folder, output)).returncode == 0
            length = max(length, time.monotonic() - begun)
            runs += 1
            alike += tree(folder) == expected
    finally:
        del os.environ["TMPDIR"]
    print(f"{runs} runs, killed {killed} times in the middle, {alike} ended with the same bytes and nothing left")
    assert alike == runs
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("output", ["kept/", "kept.jsonl"])
def test_a_killed_run_ends_with_the_same_bytes(output: str, shards: Path, tmp_path: Path) -> None:
    killed_again_and_again(shards, tmp_path, output, 2, 1)


@pytest.mark.slow
def test_a_hundred_kills(shards: Path, tmp_path: Path) -> None:
    killed_again_and_again(shards, tmp_path, "kept/", 100, 2)


def test_outputs_by_shard_are_the_one_output_in_pieces(shards: Path, tmp_path: Path) -> None:
    assert run(*words(shards, tmp_path)).returncode == 0
    assert run(*words(shards, tmp_path / "", "one.jsonl")).returncode == 0
    kept = tmp_path / "kept"
    names = [f"part-{number:02}.jsonl" for number in range(SHARDS)]
    assert sorted(path.name for path in kept.iterdir()) == ["_manifest.json", *names]
    assert b"".join((kept / name).read_bytes() for name in names) == (tmp_path / "one.jsonl").read_bytes()
    manifest = json.loads((kept / "_manifest.json").read_text())
    assert [entry["file"] for entry in manifest["outputs"]] == names
    for entry in manifest["outputs"]:
        data = (kept / entry["file"]).read_bytes()
        assert (entry["bytes"], entry["rows"]) == (len(data), data.count(b"\n"))
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
    assert sum(entry["rows"] for entry in manifest["outputs"]) == manifest["counts"]["articles kept"]
    assert manifest["counts"]["bad rows"] == 4
    assert [entry["rows"] for entry in manifest["inputs"]] == [40] * SHARDS


def test_what_was_kept_holds_for_these_bytes_and_these_options_only(shards: Path, tmp_path: Path) -> None:
    feed_folder = tmp_path / "feed"
    feed_folder.mkdir()
    for name in ("part-00.jsonl", "part-01.jsonl", "part-02.jsonl"):
        (feed_folder / name).write_bytes((shards / name).read_bytes())
    place = tmp_path / "place"
    place.mkdir()
    child = started(*words(feed_folder, place))
    work = place / "kept" / ".work"
    while not (work / "input-000001.npz").exists() and os.waitpid(child, os.WNOHANG) == (0, 0):
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    lines = (feed_folder / "part-00.jsonl").read_bytes().splitlines(keepends=True)
    (feed_folder / "part-00.jsonl").write_bytes(b"".join(lines[1:]))
    done = run(*words(feed_folder, place), "--jaccard", "0.9")
    assert done.returncode == 0
    assert done.stderr.startswith(b"goes on where an earlier run ended, with what is kept in ")
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    assert run(*words(feed_folder, fresh), "--jaccard", "0.9").returncode == 0
    assert tree(place) == tree(fresh)
    assert len(list(Feed(feed_folder))) == 119


def test_outputs_give_way_only_to_those_of_the_same_inputs_or_more(shards: Path, tmp_path: Path) -> None:
    kept, place = tmp_path / "kept", tmp_path / "elsewhere"
    kept.mkdir()
    place.mkdir()
    first, second, third = (shards / f"part-0{number}.jsonl" for number in (0, 4, 7))
    (kept / first.name).write_text("mine")
    refused = run("dedup", first, "-o", kept)
    assert refused.returncode == 1
    assert b"part-00.jsonl; cure" in refused.stderr
    assert tree(kept) == {first.name: b"mine"}
    (kept / first.name).unlink()
    assert run("dedup", first, second, "-o", kept).returncode == 0
    before = tree(kept)
    for inputs in ([first], [third], [first, third]):
        refused = run("dedup", *inputs, "-o", kept, "--removed", tmp_path / "removed.jsonl")
        assert refused.returncode == 1
        assert b"holds 2 outputs of an earlier run, which read" in refused.stderr
        assert refused.stderr.count(b"\n") == 1
        assert tree(kept) == before
        assert not (tmp_path / "removed.jsonl").exists()
    (place / first.name).write_bytes(third.read_bytes())  # of the same name, and another file
    (place / second.name).write_bytes(third.read_bytes())
    assert run("dedup", first.name, second.name, "-o", kept, cwd=place).returncode == 1
    assert tree(kept) == before
    relative = [os.path.relpath(path, place) for path in (first, second, third)]
    assert run("dedup", *relative, "-o", "../kept/", cwd=place).returncode == 0
    assert sorted(os.listdir(kept)) == ["_manifest.json", first.name, second.name, third.name]
    (kept / "_manifest.json").unlink()
    (kept / ".begun.json").write_bytes(
        orjson.dumps([os.path.relpath(first, kept)])
    )  # as a run leaves it that was killed
    assert run("dedup", second, third, "-o", kept).returncode == 1
    assert run("dedup", first, second, third, "-o", kept).returncode == 0
    assert sorted(os.listdir(kept)) == ["_manifest.json", first.name, second.name, third.name]


def test_a_folder_that_cannot_be_written_is_told(shards: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for place in ("/proc/kept/", f"{tmp_path}/file/kept/"):
        refused = run("dedup", shards / "part-00.jsonl", "-o", place)
        assert refused.returncode == 1
        assert b"kept/: cannot be written" in refused.stderr
        assert refused.stderr.rstrip().endswith(b"cure: choose another place")


def test_two_runs_do_not_write_one_output(shards: Path, tmp_path: Path) -> None:
    child = started(*words(shards, tmp_path))
    while not (tmp_path / "kept" / ".work" / "input-000000.npz").exists():
        time.sleep(0.001)
    os.kill(child, signal.SIGSTOP)
    refused = run(*words(shards, tmp_path))
    os.kill(child, signal.SIGCONT)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert (refused.returncode, b"another run" in refused.stderr) == (1, True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_signals_end_a_run_in_order(number: signal.Signals, code: int, shards: Path, tmp_path: Path) -> None:
    with tempfile.TemporaryFile() as said:
        child = started(*words(shards, tmp_path), errors=said.fileno())
        while not (tmp_path / "kept" / ".work" / "input-000003.npz").exists():
            time.sleep(0.001)
        os.kill(child, number)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == code
        said.seek(0)
        assert b"interrupted; the same command goes on" in said.read()
    assert {name.split("/")[1] for name in tree(tmp_path)} == {".work"}
    assert run(*words(shards, tmp_path)).returncode == 0
    assert not (tmp_path / "kept" / ".work").exists()


def test_a_signal_while_an_object_goes_is_not_lost() -> None:
    code = """
import os, signal, time
from clusterer.cli import main
main._end_in_order()
class Going:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.001)
try:
    Going()
    time.sleep(20)
except KeyboardInterrupt:
    print("came")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("came\n", "")


class Asked(dict[str, Any]):
    """Options, and which of them were asked for."""

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(options)
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.names.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


def test_what_was_kept_holds_for_every_option_of_reading(shards: Path) -> None:
    context = dedup_command.make_context("dedup", [str(shards)])
    options = Asked(context.params)
    feed_of(options)
    assert {"limits", "max_row_bytes", "encoding"} < options.names
    settings = settings_of(options)
    for name in sorted((options.names - {"inputs"}) | {"unique_url"}):
        assert name in context.params
        assert _reading_key({**context.params, name: "another"}, settings) != _reading_key(context.params, settings), (
            name
        )
