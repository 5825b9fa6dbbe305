"""The command in a process of its own that is forked from this one: what is imported here need not be imported again.

Half a second less for each. Its own standard streams, folder, warnings and exit code are those of a process that was started
anew; that start itself is checked by `tests/cli/test_main.py` and by the commands of README.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import tempfile
import threading
import traceback
import warnings
from contextlib import suppress
from pathlib import Path
from subprocess import CompletedProcess
from typing import IO, Any

from clusterer.cli.main import cli, main

list(cli.commands.values())  # each is imported here, once, and not by every child


def run(*args: object, stdin: bytes = b"", cwd: Path | None = None, seconds: float = 120) -> CompletedProcess[bytes]:
    """What a command writes and its exit code; it is killed when it takes longer than so many seconds."""
    words = [*map(str, args)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.close(write)
            _carry_out(words, cwd, (read, out.fileno(), errors.fileno()))
        os.close(read)
        watch = threading.Timer(seconds, os.kill, (child, signal.SIGKILL))
        watch.start()
        with suppress(BrokenPipeError), open(write, "wb") as pipe:  # who is refused reads nothing
            pipe.write(stdin)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        watch.cancel()
        return CompletedProcess(words, status, _whole(out), _whole(errors))


def started(*args: object, errors: int | None = None) -> int:
    """A command that is left to itself, without standard streams but for errors where asked; its process's number."""
    child = os.fork()
    if not child:
        nothing = os.open(os.devnull, os.O_RDWR)
        _carry_out([*map(str, args)], None, (nothing, nothing, nothing if errors is None else errors))
    return child


def run_in_text(*args: object, stdin: str = "", cwd: Path | None = None) -> CompletedProcess[str]:
    """The same in text."""
    done = run(*args, stdin=stdin.encode(), cwd=cwd)
    return CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def _whole(file: IO[Any]) -> bytes:
    file.seek(0)
    return bytes(file.read())


def _carry_out(words: list[str], cwd: Path | None, streams: tuple[int, int, int]) -> None:
    """Be the command, in the child. Never comes back: pytest must not go on here."""
    status = 1
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        sys.stdin, sys.stdout, sys.stderr = (open(n, mode) for n, mode in enumerate("rww"))  # noqa: SIM115
        importlib.reload(warnings)  # pytest keeps them to itself
        # Whatever the tests themselves run under: nohup, say, ignores both.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.chdir(cwd or ".")
        sys.argv = ["clusterer", *words]
        main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)
