"""Files that are whole or absent, and the file of bad rows."""

from __future__ import annotations

import gzip
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard
from places import ROOT

from clusterer.errors import OutputError
from clusterer.io.atomic import atomic_output
from clusterer.io.quarantine import Quarantine
from clusterer.io.rows import BadRow


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError])
@pytest.mark.parametrize("name", ["out.jsonl", "out.gz", "out.zst"])
def test_an_exception_leaves_the_old_file_and_nothing_else(
    error: type[BaseException], name: str, tmp_path: Path
) -> None:
    target = tmp_path / name
    target.write_bytes(b"old")

    def write_and_fail() -> None:
        with atomic_output(target) as out:
            out.write(b"new" * 10**6)
            assert len(os.listdir(tmp_path)) == 2
            raise error

    with pytest.raises(error):
        write_and_fail()
    assert (target.read_bytes(), os.listdir(tmp_path)) == (b"old", [name])


def test_output_is_whole_packed_and_keeps_its_mode(tmp_path: Path) -> None:
    for name, unpack in {
        "a": bytes,
        "a.gz": gzip.decompress,
        "a.zst": lambda b: zstandard.ZstdDecompressor().decompressobj().decompress(b),
    }.items():
        with atomic_output(tmp_path / name) as out:
            out.write(b"x" * 10**6)
        assert unpack((tmp_path / name).read_bytes()) == b"x" * 10**6
    first = (tmp_path / "a.gz").read_bytes()
    with atomic_output(tmp_path / "a.gz") as out:
        out.write(b"x" * 10**6)
    assert (tmp_path / "a.gz").read_bytes() == first
    (tmp_path / "plain").write_bytes(b"")
    if os.name != "nt":
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)
        (tmp_path / "a").chmod(0o640)
        (tmp_path / "link").symlink_to(tmp_path / "a")
        with atomic_output(tmp_path / "link") as out:
            out.write(b"through the link")
        assert (tmp_path / "a").read_bytes() == b"through the link"
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("name", "part"), [("", "is a folder"), ("none/a.jsonl", "make the folder first"), ("x" * 300, "cannot be written")]
)
def test_what_cannot_be_written_is_named(name: str, part: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with pytest.raises(OutputError, match=part) as error, atomic_output(path) as out:
        out.write(b"x")
    assert str(path) in str(error.value)
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_is_an_output_error() -> None:
    with pytest.raises(OutputError, match=r"/dev/full: cannot be written.*cure"), atomic_output("/dev/full") as out:
        out.write(b"x" * 10**6)
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    code = "from clusterer.io import atomic_output\nwith atomic_output('-') as out: out.write(b'abc')"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    assert capfdbinary.readouterr().out == b"abc"


def test_quarantine_appears_only_when_there_is_a_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    with Quarantine(path) as quarantine:
        assert quarantine.count == 0
    assert not path.exists()
    with Quarantine(path) as quarantine:
        quarantine.add(BadRow("a\udcff.jsonl", 3, "why; cure: that", "نص\0"))
        quarantine.add(BadRow("b.jsonl", 4, "why", ""))
        assert not path.exists()
    first, second = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert first == {"file": "a\\udcff.jsonl", "line": 3, "reason": "why; cure: that", "row": "نص\0"}
    assert second["line"] == 4
    path.unlink()

    def add_and_stop() -> None:
        with Quarantine(path) as quarantine:
            quarantine.add(BadRow("b.jsonl", 4, "why", ""))
            assert len(os.listdir(tmp_path)) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add_and_stop()
    assert os.listdir(tmp_path) == []


def test_a_run_without_a_bad_row_removes_the_quarantine_of_an_earlier_one(tmp_path: Path) -> None:
    path, other = tmp_path / "bad.jsonl", tmp_path / "other.jsonl"
    other.write_bytes(b"not ours")

    def run(*bad: BadRow, error: Exception | None = None) -> None:
        with Quarantine(path) as quarantine:
            for row in bad:
                quarantine.add(row)
            if error:
                raise error

    row = BadRow("b.jsonl", 4, "why", "")
    run(row)
    earlier = path.read_bytes()
    for bad in ((), (row, row)):  # a run that fails leaves it as it was
        with pytest.raises(ValueError, match="stop"):
            run(*bad, error=ValueError("stop"))
        assert path.read_bytes() == earlier
    run()
    run()  # nothing there: nothing to do
    assert os.listdir(tmp_path) == ["other.jsonl"]

    run(row)
    path.rename(tmp_path / "real")
    path.symlink_to(tmp_path / "real")
    run()  # through the link, as it was written
    assert not path.exists()
    assert sorted(os.listdir(tmp_path)) == ["bad.jsonl", "other.jsonl"]

    path.unlink()
    path.mkdir()
    run()
    assert path.is_dir()
    for name in ("-", os.devnull):
        with Quarantine(name):
            pass
    assert os.path.exists(os.devnull)
