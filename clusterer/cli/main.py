"""The `clusterer` command: parse, call the library, write. No algorithm of its own.

Data goes to standard output or ``-o``, everything else to standard error. Exit codes: 0 done, 1 bad input or usage
(one line says what), 130 interrupted, 143 and 129 ended by SIGTERM or SIGHUP.
"""

from __future__ import annotations

import errno
import logging
import os
import signal
import sys
import threading
import warnings
from collections import UserDict
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from types import FrameType
from typing import Any, NoReturn

import click

from clusterer import __version__
from clusterer.cli.completion import PROGRAM, VARIABLE
from clusterer.errors import OUT_OF_MEMORY, ClustererError, is_out_of_memory

_LOG = logging.getLogger("clusterer")

COMMANDS = {
    "boilerplate": "boilerplate_command",
    "cluster": "cluster_command",
    "completion": "completion_command",
    "dedup": "dedup_command",
    "evaluate": "evaluate_command",
    "explain": "explain_command",
    "index": "index",
    "label": "label_command",
    "serve": "serve_command",
    "tune": "tune_command",
}
"""Every command, and what it is called in the module of its name beside this one."""


class _LazyCommands(UserDict[str, click.Command]):
    """Commands by name, each imported when it is asked for: none waits for what the others need."""

    def __init__(self, functions: Mapping[str, str]) -> None:
        super().__init__()
        self._functions = functions
        self.data = dict.fromkeys(functions)  # type: ignore[assignment]  # names, still without commands

    def __getitem__(self, name: str) -> click.Command:
        if self.data[name] is None:
            self.data[name] = getattr(import_module(f"clusterer.cli.{name}"), self._functions[name])
        return self.data[name]


def main() -> None:
    """Entry point: click's own errors and ours as one line and exit code 1."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's products are small, and made on threads of our own
    warnings.showwarning = _told
    _end_in_order()
    try:
        cli.main(prog_name=PROGRAM, complete_var=VARIABLE, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        tell(error.format_message())
        sys.exit(1)
    except click.ClickException as error:
        context = f" (see {error.ctx.command_path} --help)" if isinstance(error, click.UsageError) and error.ctx else ""
        _fail(error.format_message() + context)
    except ClustererError as error:
        if isinstance(error.__cause__, BrokenPipeError):
            _let_go_of_output()
        _fail(str(error))
    except (KeyboardInterrupt, click.Abort) as error:
        _interrupted(error if isinstance(error, KeyboardInterrupt) else error.__cause__)
    except Exception as error:
        behind = error.__context__
        while behind and not isinstance(behind, KeyboardInterrupt):
            behind = behind.__context__
        if behind:  # a library could not close the file that it was writing
            _interrupted(behind)
        if _LOG.isEnabledFor(logging.DEBUG):
            raise
        if is_out_of_memory(error):
            _fail(OUT_OF_MEMORY)
        if isinstance(error, OSError) and error.errno in (
            errno.ENOSPC,
            errno.EDQUOT,
        ):  # files of ours say so themselves
            _let_go_of_output()
            _fail(
                f"{error.filename or 'what standard output goes to'} has no room left; cure: make room, or write elsewhere"
            )
        missing = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
        if missing and missing != __name__.partition(".")[0]:
            _fail(
                f"{missing}, which this needs, cannot be imported; cure: pip install clusterer again, with all it asks for"
            )
        what = f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"
        _fail(f"{what}; a defect of clusterer; cure: report it with what `clusterer -v ...` shows")


def _let_go_of_output() -> None:
    """Python must not try to flush what nobody reads."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _told(message: Warning | str, *_: object, **__: object) -> None:
    """A warning of the library as a line, without the place in its code."""
    tell(" ".join(str(message).split()))


class _Ended(KeyboardInterrupt):
    """The process was told to end by another signal than that of Ctrl-C."""

    def __init__(self, signal: int) -> None:
        super().__init__()
        self.signal = signal


_CLEARING = ("weakref", "_weakrefset")  # modules whose functions are called while objects go
_AGAIN = 0.01  # seconds


def _end_in_order() -> None:
    """End by SIGTERM and SIGHUP as by Ctrl-C: temporary files go, exit codes are those a shell gives. `nohup` stays as it is.

    What is raised while an object is being cleared away is lost with a word on standard error, and the run would go on to its
    end: there a signal waits and comes once more.
    """

    def end(number: int, frame: FrameType | None) -> None:
        while frame:
            if frame.f_code.co_name == "__del__" or frame.f_globals.get("__name__") in _CLEARING:
                threading.Timer(_AGAIN, os.kill, (os.getpid(), number)).start()
                return
            frame = frame.f_back
        raise _Ended(number)

    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP", "SIGINT"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                signal.signal(number, end)


def tell(text: str) -> None:
    """Say something on standard error, by `clusterer.cli.terminal`, which only those wait for who have something to say."""
    from clusterer.cli.terminal import tell

    tell(text, err=True)


def _interrupted(cause: BaseException | None) -> NoReturn:
    notes = getattr(cause, "__notes__", None) or ["nothing was written"]
    tell(f"interrupted; {'; '.join(notes)}")
    sys.exit(128 + (cause.signal if isinstance(cause, _Ended) else signal.SIGINT))


def _fail(message: str) -> None:
    tell(f"error: {' '.join(message.split())}")
    sys.exit(1)


def _show_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if not asked or context.resilient_parsing:
        return
    # Found and not imported, as both kinds of loops import NumPy, a tenth of a second. Ones left from an older build, which are
    # not used, are told of by whatever command would use them.
    found = find_spec("clusterer.arrays._kernels") and os.environ.get("CLUSTERER_KERNELS") != "numpy"
    loops = "compiled" if found else "NumPy"
    click.echo(f"{context.find_root().info_name}, version {__version__}, {loops} loops")
    context.exit()


class _Commands(click.Group):
    """Ends quietly where the reader of our output has what it wanted, as `head`; click itself would end with 1.

    Where more than this output is lost, it is one of our errors before it comes here.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run what was asked for."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _let_go_of_output()
            sys.exit(0)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="log what is done, and tracebacks of what goes wrong, also in files that are set aside",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_show_version,
    help="Show the version and exit.",
)
def cli(verbose: bool) -> None:
    """Group articles of Arabic news feeds: exact copies within near-duplicates and cuts within stories.

    INPUT is any mix of JSON lines, JSON (also as interfaces answer), CSV/TSV, Parquet, RSS/Atom, news sitemaps, HTML, Markdown,
    WARC/WET, workbooks, SQLite (news.db::articles), .sql dumps and folders of .txt files, also .gz, .zst, .bz2, .xz or .zip,
    globs, addresses such as s3://bucket/feed/, or - for standard input.

    Example: clusterer cluster feed.jsonl -o clusters.jsonl
    """
    if verbose:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s", "%H:%M:%S"))
        _LOG.addHandler(handler)
        _LOG.setLevel(logging.DEBUG)


cli.commands = _LazyCommands(COMMANDS)
