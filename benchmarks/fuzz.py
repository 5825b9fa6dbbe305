"""Fuzzing: bytes of no sense into all that reads bytes of others. `make fuzz`, or `python -m benchmarks.fuzz --seconds 60`.

Targets are in `fuzz_targets` and `fuzz_index`, what they begin with in `corpora.fuzz_seeds`. Atheris leads the way by coverage;
with `--random` samples are changed at random. All that targets need comes with `clusterer[fuzz]`; where something of it is
missing, the run ends. A finding is written to a file that `--replay FILE TARGET` runs again, and ends as a small test.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.corpora.fuzz_seeds import seeds
from benchmarks.fuzz_targets import Target, targets
from clusterer.errors import InputError

_SECONDS = 10.0  # of a processor for one input, with what leads the way inside


def _fast_folder() -> Path | None:
    """Where many small files cost little; None for where temporary files are anyway."""
    shared = Path("/dev/shm")
    return shared if shared.is_dir() and os.access(shared, os.W_OK) else None


def changed(sample: bytes, pool: list[bytes], chance: random.Random) -> bytes:
    """A sample with a few bytes changed, cut, doubled, or crossed with another."""
    data = bytearray(sample)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        at = chance.randrange(len(data) + 1)
        what = chance.randrange(7)
        if what == 0:
            data[at : at + 1] = bytes([chance.randrange(256)])
        elif what == 1:
            del data[at : at + chance.randrange(1, 20)]
        elif what == 2:
            piece = data[at : at + chance.randrange(1, 60)]
            data[at:at] = piece * chance.choice((1, 2, 50))
        elif what == 3:
            other = chance.choice(pool)
            start = chance.randrange(len(other) + 1)
            data[at:at] = other[start : start + chance.randrange(1, 80)]
        elif what == 4:
            data[at:at] = chance.choice(_TOKENS)
        elif what == 5 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        else:
            del data[at:]
    return bytes(data[: 1 << 16])


_TOKENS = [
    b'"', b"'", b'\\', b'\x00', b'\n', b'\r', b'<', b'>', b'{', b'}', b'[', b']', b',', b'\t', b'</', b'<!--', b'&#x',
    b']]>', b'\xef\xbb\xbf', b'\xff\xfe', b'\xed\xa0\x80', b'\\ud800', b'1e999', b'99999999999999999999', b'NaN',
    b'null', b'true', b'\xd9\xa3', b'\xef\xb7\xba', b'\xe2\x80\xae', b'\xd9\x87\xd9\x80', b'\x1f\x8b', b'PK\x03\x04',
    b'\xe2\x80\xa8', b'"text":', b'"id":', b'<item>', b'</item>', b'<media:content ', b'<itunes:owner>',
    b'<georss:polygon>1 2 3', b"xmlns:a='b'", b'0000-00-00', b'-1', b'24:00', b'1e400', b"'),", b');',
]  # fmt: skip


def hunt(name: str, target: Target, seconds: float, out: Path, seed: int) -> tuple[int, int]:
    """Change samples at random for so long; return runs and findings. One finding of each place is kept."""
    chance, pool = random.Random(f"{name}-{seed}"), seeds(name)
    known: set[str] = set()
    runs, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        data = changed(chance.choice(pool), pool, chance)
        runs += 1
        try:
            target(data)
        except Exception as error:
            trace = error.__traceback__
            while trace and trace.tb_next:
                trace = trace.tb_next
            place = f"{type(error).__name__}-{trace.tb_lineno if trace else 0}-{str(error)[:60]}"
            if place not in known:
                known.add(place)
                path = out / f"{name}-{len(known)}"
                path.write_bytes(data)
                print(f"{name}: {type(error).__name__}: {str(error)[:300]} ({path})", flush=True)
            continue
        if runs % 20 == 0 and len(pool) < 500:  # what is read goes on
            pool.append(data)
    return runs, len(known)


def _in_time(target: Target) -> Target:
    """The target, to which an input that costs too much of a processor is a finding; by the clock a busy machine is slow."""

    def run(data: bytes) -> None:
        began = time.process_time()
        target(data)
        took = time.process_time() - began
        assert took < _SECONDS, f"took {took:.0f} seconds of a processor"

    return run


def _lead(name: str, target: Target, seconds: float, out: Path) -> None:
    """Let Atheris lead; it ends the process."""
    atheris = import_module("atheris")
    corpus = out / f"{name}-corpus"
    corpus.mkdir(exist_ok=True)
    for number, sample in enumerate(seeds(name)):
        (corpus / f"seed-{number}").write_bytes(sample)
    flags = [f"-max_total_time={int(seconds)}", "-max_len=8192", "-timeout=120", "-rss_limit_mb=3000", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *flags, f"-artifact_prefix={out}/{name}-", str(corpus)], _in_time(target))
    atheris.Fuzz()


def main() -> None:
    """Run all targets, or those named, an equal part of the time each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="targets; all where none is named")
    parser.add_argument("--seconds", type=float, default=1800, help="in all")
    parser.add_argument("--out", type=Path, default=Path("fuzz"), help="folder for findings")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--random", action="store_true", help="without Atheris")
    parser.add_argument("--replay", type=Path, help="a finding, to be run again on the one target that is named")
    parser.add_argument("--lead", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    arguments.out.mkdir(exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # whoever Atheris leads ends without cleaning up, so that all that they write is in one folder of who started them
    with TemporaryDirectory(
        prefix=f"clusterer-fuzz-{os.getpid()}-", dir=None if arguments.lead else _fast_folder()
    ) as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        try:
            sys.exit(bool(_run(arguments, Path(folder))))
        except InputError as error:
            sys.exit(f"error: {error}")


def _run(arguments: argparse.Namespace, folder: Path) -> int:
    """Do what the command line says; return how many findings there were."""
    try:
        atheris = None if arguments.random else import_module("atheris")
    except ImportError:
        raise InputError("fuzzing needs Atheris; cure: pip install 'clusterer[fuzz]', or --random") from None
    if arguments.lead and atheris:
        with atheris.instrument_imports(include=["clusterer", "feedparser"]):
            target = targets(folder, [arguments.lead])[arguments.lead]
            for sample in seeds(arguments.lead):
                target(sample)  # imports what is imported late
        _lead(arguments.lead, target, arguments.seconds, arguments.out)
        return 0
    all_targets = targets(folder, arguments.names)
    if arguments.replay:
        all_targets[arguments.names[0]](arguments.replay.read_bytes())
        return 0
    for name in all_targets:
        seeds(name)  # what they need is told before anything runs
    found, share = 0, arguments.seconds / len(all_targets)
    for name, target in all_targets.items():
        if atheris:
            found += _led(name, share, arguments.out)
        else:
            runs, findings = hunt(name, target, share, arguments.out, arguments.seed)
            found += findings
            print(f"{name:14} {runs:>9,} runs, {findings} findings", flush=True)
    print(f"{found} findings in {arguments.seconds:g} s")
    return found


def _led(name: str, seconds: float, out: Path) -> bool:
    """Let Atheris lead for so long in a process of its own; whether it found something, of which a line is printed."""
    command = [sys.executable, "-m", "benchmarks.fuzz", "--lead", name, "--seconds", f"{seconds}", "--out", f"{out}"]
    said = out / f"{name}.log"  # kept beside a finding: not every one leaves a file
    with said.open("wb") as log:
        done = subprocess.run(command, stdout=log, stderr=log, check=False)
    lines = said.read_text("utf-8", "replace").splitlines()
    wrong = " | ".join([line for line in lines if "Error" in line or "ERROR" in line][-3:])[:400]
    if not done.returncode:
        said.unlink()
    print(f"{name:14} {'a finding: ' + wrong if done.returncode else 'nothing found'}", flush=True)
    return bool(done.returncode)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    main()
