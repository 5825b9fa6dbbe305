"""The `clusterer` command: parse, call the library, write. No algorithm of its own.

Data goes to standard output or ``-o``, everything else to standard error. Exit codes: 0 done, 1 bad input or usage
(one line says what), 130 interrupted, 143 and 129 ended by SIGTERM or SIGHUP.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from types import FrameType

import click

from clusterer import __version__
from clusterer.arrays import kernels
from clusterer.cli.boilerplate import boilerplate_command
from clusterer.cli.cluster import cluster_command
from clusterer.cli.dedup import dedup_command
from clusterer.cli.evaluate import evaluate_command
from clusterer.cli.explain import explain_command
from clusterer.cli.index import index
from clusterer.cli.label import label_command
from clusterer.cli.terminal import tell
from clusterer.cli.tune import tune_command
from clusterer.errors import ClustererError

_LOG = logging.getLogger("clusterer")


def main() -> None:
    """Entry point: click's own errors and ours as one line and exit code 1."""
    _end_in_order()
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        tell(error.format_message(), err=True)
        sys.exit(1)
    except click.ClickException as error:
        context = f" (see {error.ctx.command_path} --help)" if isinstance(error, click.UsageError) and error.ctx else ""
        _fail(error.format_message() + context)
    except ClustererError as error:
        _fail(str(error))
    except BrokenPipeError:
        # The reader of our output left: not our error. Python must not try to flush what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (KeyboardInterrupt, click.Abort) as error:
        cause = error if isinstance(error, KeyboardInterrupt) else error.__cause__
        notes = getattr(cause, "__notes__", None) or ["nothing was written"]
        tell(f"interrupted; {'; '.join(notes)}", err=True)
        sys.exit(128 + (cause.signal if isinstance(cause, _Ended) else signal.SIGINT))
    except Exception as error:
        if _LOG.isEnabledFor(logging.DEBUG):
            raise
        what = f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"
        _fail(f"{what}; a defect of clusterer; cure: report it with what `clusterer -v ...` shows")


class _Ended(KeyboardInterrupt):
    """The process was told to end by another signal than that of Ctrl-C."""

    def __init__(self, signal: int) -> None:
        super().__init__()
        self.signal = signal


def _end_in_order() -> None:
    """End by SIGTERM and SIGHUP as by Ctrl-C: temporary files go, exit codes are those a shell gives. `nohup` stays as it is."""

    def end(number: int, frame: FrameType | None) -> None:
        raise _Ended(number)

    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                signal.signal(number, end)


def _fail(message: str) -> None:
    tell(f"error: {' '.join(message.split())}", err=True)
    sys.exit(1)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "-v", "--verbose", is_flag=True, help="show tracebacks of what goes wrong, also in files that are set aside"
)
@click.version_option(f"{__version__}, {'compiled' if kernels.active == 'compiled' else 'NumPy'} loops")
def cli(verbose: bool) -> None:
    """Group articles of Arabic news feeds: exact copies within near-duplicates and cuts within stories.

    INPUT is any mix of JSON lines, JSON (also as interfaces answer), CSV/TSV, Parquet, RSS/Atom, news sitemaps, HTML, Markdown,
    WARC/WET, workbooks, SQLite (news.db::articles), .sql dumps and folders of .txt files, also .gz, .zst, .bz2, .xz or .zip,
    globs, addresses such as s3://bucket/feed/, or - for standard input.

    Example: clusterer cluster feed.jsonl -o clusters.jsonl
    """
    if verbose:
        logging.basicConfig(format="%(name)s: %(message)s")
        _LOG.setLevel(logging.DEBUG)


for _command in (
    cluster_command,
    dedup_command,
    boilerplate_command,
    evaluate_command,
    tune_command,
    label_command,
    index,
    explain_command,
):
    cli.add_command(_command)
