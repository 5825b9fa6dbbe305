"""What a release is made of, built and checked on this machine: ``make dist``, or ``python -m benchmarks.dist``.

The source distribution, and wheels made from it: described well (twine), for the Linux of others (auditwheel), whole. Then each
is installed into a fresh environment in which there is no compiler, and does there what `make demo` does: the wheel by compiled
loops, the source by NumPy's, which it says once; both write the same bytes. What other systems need is built by cibuildwheel
elsewhere; here its configuration is read. Linux and macOS.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
INSTALL_SECONDS = 60  # that a fresh installation may take, downloads and all
NO_COMPILER = "without compiled loops"  # of what the command says
PLAIN = {
    "LDSHARED": "cc -shared"
}  # without the folder of this Python; CFLAGS would take the place of all of Python's own
LEFT_OUT = ("PYTHONPATH", "CC", "CXX", "CLUSTERER_KERNELS", "MAKEFLAGS", "MAKELEVEL")
WRITTEN = ("clusters.jsonl", "kept.jsonl", "removed.jsonl")
ARCHITECTURES = {"linux": "x86_64,aarch64", "macos": "x86_64,arm64", "windows": "AMD64"}


@click.command(help=__doc__.partition("\n")[0])
@click.option("--python", "pythons", multiple=True, default=[sys.executable], help="a Python to build a wheel for")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=ROOT / "dist", help="folder, made anew")
def main(pythons: tuple[str, ...], output: Path) -> None:
    """Build, check, install, run; stop at what is wrong."""
    shutil.rmtree(output, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        source = build_source(output)
        project = unpacked(source, work)
        pythons = tuple(found(python) for python in pythons)
        for number, python in enumerate(pythons):
            wheel = build_wheel(python, source, output, work / f"wheel{number}")
            check_held(wheel, project)
            by_wheel = install(python, wheel, work / f"installed{number}", work)
            say(
                f"{wheel.name}: {run([by_wheel / 'python', ROOT / 'benchmarks/installed.py', feed(project), 'compiled'])}"
            )
            demo = demonstrate(by_wheel, project, work)
        by_source = install(pythons[0], source, work / "source", work)
        say(f"{source.name}: {run([by_source / 'python', ROOT / 'benchmarks/installed.py', feed(project), 'numpy'])}")
        check_said(by_source, project)
        if demonstrate(by_source, project, work) != demo:
            raise SystemExit("the demo of the source without a compiler writes other bytes than that of the wheel")
        say("make demo: the same bytes by both")
    run([sys.executable, "-m", "twine", "check", "--strict", *output.iterdir()])
    say(f"twine check --strict: {', '.join(sorted(path.name for path in output.iterdir()))}")
    check_configuration()


def found(python: str) -> str:
    """Return where a Python is, wherever it is started from; links are kept, since a venv is told by them."""
    path = shutil.which(python)
    if path is None:
        raise SystemExit(f"{python}: no such Python; cure: --python with its path, or its name on PATH")
    return os.path.abspath(path)


def build_source(output: Path) -> Path:
    """Make the source distribution."""
    run([sys.executable, "-m", "build", "--sdist", "--outdir", output, ROOT])
    (source,) = output.glob("*.tar.gz")
    say(f"{source.name}: {source.stat().st_size / 1e6:.2f} MB")
    return source


def unpacked(source: Path, work: Path) -> Path:
    """Unpack the source distribution; refuse one that lacks a file that Git keeps."""
    with tarfile.open(source) as archive:
        archive.extractall(work / "unpacked", filter="data")
    (project,) = (work / "unpacked").iterdir()
    if (ROOT / ".git").exists():
        kept = run(["git", "-C", ROOT, "ls-files"]).splitlines()
        missing = [name for name in kept if not name.startswith(".ci/") and not (project / name).exists()]
        if missing:
            raise SystemExit(f"{source.name} lacks {', '.join(missing[:9])}; cure: MANIFEST.in")
        say(f"{source.name}: all {len(kept)} files that Git keeps, but those of CI")
    return project


def build_wheel(python: str, source: Path, output: Path, work: Path) -> Path:
    """Make a wheel of the source distribution; on Linux one that says which C libraries it needs."""
    run([python, "-m", "venv", work / "venv"])
    command = [work / "venv/bin/python", "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", work, source]
    run(command, environment=PLAIN if sys.platform == "linux" else {})
    (raw,) = work.glob("*.whl")
    if sys.platform == "linux":
        run([sys.executable, "-m", "auditwheel", "repair", "--strip", "-w", work / "repaired", raw])
        (raw,) = (work / "repaired").glob("*.whl")
    output.mkdir(exist_ok=True)
    return Path(shutil.copy(raw, output))


def check_held(wheel: Path, project: Path) -> None:
    """Refuse a wheel that lacks a file of the package, or its compiled loops, or has more."""
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name and name[-1] != "/"}
    files = {str(path.relative_to(project)) for path in (project / "clusterer").rglob("*") if path.is_file()}
    loops = {name for name in held if name.startswith("clusterer/arrays/_kernels.") and not name.endswith(".pyx")}
    if held - loops != files or len(loops) != 1:
        raise SystemExit(f"{wheel.name} and the package differ in {sorted((held - loops) ^ files)}; compiled: {loops}")
    say(f"{wheel.name}: {len(held)} files, {wheel.stat().st_size / 1e6:.2f} MB, as in the source")


def install(python: str, what: Path, venv: Path, work: Path) -> Path:
    """Install into a fresh environment with no compiler on the path and nothing kept from before; return its `bin`."""
    run([python, "-m", "venv", venv])
    start, before = time.perf_counter(), os.times()
    run([venv / "bin/python", "-m", "pip", "install", "--quiet", "--no-cache-dir", what], path=bare(venv, work))
    seconds, after = time.perf_counter() - start, os.times()
    worked = after.children_user + after.children_system - before.children_user - before.children_system
    over = f", over the {INSTALL_SECONDS} that it may take" if seconds > INSTALL_SECONDS else ""
    say(f"{what.name}: installed without a compiler in {seconds:.0f} s, {worked:.0f} of processor time{over}")
    return venv / "bin"


def bare(venv: Path, work: Path) -> str:
    """A path on which there is the environment, and of the system only what `make demo` calls."""
    tools = work / "tools"
    if not tools.exists():
        tools.mkdir()
        for name in ("echo", "mkdir"):
            (tools / name).symlink_to(str(shutil.which(name)))
    path = f"{venv / 'bin'}{os.pathsep}{tools}"
    if found := [name for name in ("cc", "gcc", "clang", "c99") if shutil.which(name, path=path)]:
        raise SystemExit(f"there is a compiler in the bare environment: {found}")
    return path


def demonstrate(programs: Path, project: Path, work: Path) -> list[bytes]:
    """Do what `make demo` does, beside no source of the package; return what it writes."""
    place = programs.parent / "demo"
    place.mkdir()
    for name in ("data", "benchmarks"):
        shutil.copytree(project / name, place / name)
    venv = programs.parent
    make = [str(shutil.which("make")), "-f", project / "Makefile", f"VENV={venv}", "-o", venv / ".ready", "demo"]
    (venv / ".ready").touch()
    start = time.perf_counter()
    run(make, path=bare(venv, work), folder=place)
    say(f"make demo: done in {time.perf_counter() - start:.0f} s")
    return [(place / "demo" / name).read_bytes() for name in WRITTEN]


def check_said(programs: Path, project: Path) -> None:
    """Refuse an installation without compiled loops that does not say so, or says it twice."""
    command = [programs / "clusterer", "cluster", feed(project), "-o", programs.parent / "out.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = [line for line in done.stderr.splitlines() if NO_COMPILER in line]
    if len(told) != 1:
        raise SystemExit(f"{len(told)} lines, not one, say that there are no compiled loops: {done.stderr}")
    say(told[0])


def check_configuration() -> None:
    """Show which wheels cibuildwheel would make by `pyproject.toml`."""
    for platform, architectures in ARCHITECTURES.items():
        command = ["--platform", platform, "--archs", architectures, "--print-build-identifiers", ROOT]
        wheels = run([sys.executable, "-m", "cibuildwheel", *command]).split()
        say(f"cibuildwheel, {platform}: {len(wheels)} wheels, {', '.join(wheels)}")


def feed(project: Path) -> Path:
    """The sample feed."""
    return project / "data/feed.jsonl"


def run(
    command: Iterable[object],
    path: str | None = None,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a program beside nothing of this checkout, on the path given or on that of this Python; return what it writes.

    Raises:
        SystemExit: it failed; shows all that it said.
    """
    words = [str(word) for word in command]
    variables = {k: v for k, v in os.environ.items() if k not in LEFT_OUT} | dict(environment or {})
    variables["PATH"] = path or f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        words, env=variables, cwd=folder or tempfile.gettempdir(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def say(line: str) -> None:
    """Tell how far it is."""
    print(line, flush=True)


if __name__ == "__main__":
    main()
