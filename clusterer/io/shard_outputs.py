"""Outputs by shard: a folder with one file an input, of the same name, and a manifest of what is in it and how it was made.

A file is written whole, and not again by a run that goes on. Outputs of an earlier run give way to those of one over the same
inputs, or more of them; nothing else that stands in a folder is ever replaced or removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from clusterer.errors import InputError, OutputError
from clusterer.io.atomic import atomic_output
from clusterer.io.feed import Feed
from clusterer.io.formats import FORMATS_BY_NAME, given_back_as
from clusterer.io.readers.base import Copied
from clusterer.io.resuming import chained
from clusterer.io.rows import Layout, Row
from clusterer.io.sources import MANIFEST, STDIN_NAME, Source
from clusterer.io.work_folder import WorkFolder
from clusterer.io.writers import copy_rows, form_for, write_rows

WORK = ".work"
_BEGUN = ".begun.json"  # the inputs of a run that has written some outputs and no manifest yet
_PACKINGS = (".gz", ".zst", ".bz2", ".xz")


def is_folder(output: str) -> bool:
    """Whether an output is a folder: one that is there, or a path that ends in a slash."""
    return output.endswith(("/", os.sep)) or os.path.isdir(output)


def work_place(output: str) -> str:
    """Where a run keeps its work: in a folder of outputs, else beside the output."""
    if is_folder(output):
        return os.path.join(os.path.realpath(output), WORK)
    folder, name = os.path.split(os.path.realpath(output))
    return os.path.join(folder, f".{name[:100]}{WORK}")


class ShardOutputs:
    """A folder of outputs, one an input.

    Attributes:
        folder: its path.
        names: of the outputs, in the order of the inputs, with slashes where two inputs have one name.
        forms: the formats in which they are written.
    """

    def __init__(self, folder: str, feed: Feed, work: WorkFolder) -> None:
        """Name the outputs, and look at what is in the folder.

        Raises:
            OutputError: it cannot be written; it holds files that neither this run nor an earlier one has written, or outputs
                of a run over inputs that are not all among these; an output would be an input.
        """
        self.folder, self._work = folder, work
        if os.path.isfile(folder.rstrip("/" + os.sep)):
            raise OutputError(f"{folder}: a file stands there; cure: another folder")
        _refuse_unwritable(folder)
        formats = feed.formats
        self.names = output_names(feed.sources, formats)
        self.forms = [form_for(name, given_back_as(format)) for name, format in zip(self.names, formats, strict=True)]
        self._inputs = [_place(source.path or source.name, folder) for source in feed.sources]
        inputs = {os.path.realpath(path) for path in feed.paths}
        for name in self.names:
            if os.path.realpath(self.path(name)) in inputs:
                raise OutputError(f"{self.path(name)} is an input; cure: another folder")
        self._stale = self._replaced()

    def _replaced(self) -> list[str]:
        """Outputs of earlier runs that this one has not.

        Raises:
            OutputError: there are files in the folder that may not be replaced.
        """
        folder = self.folder
        there = {path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()}
        there = {
            name for name in there if not name.startswith((f"{WORK}/", f"{WORK}.gone/")) and not name.endswith(".tmp")
        }
        before, read = _listed(self.path(MANIFEST), folder) if MANIFEST in there else (set[str](), set[str]())
        if _BEGUN in there:
            read |= _begun(self.path(_BEGUN))
            before |= there & set(self.names)
        if strange := sorted(there - before - {MANIFEST, _BEGUN}):
            more = f" and {len(strange) - 3} more" if len(strange) > 3 else ""
            raise OutputError(
                f"{folder}: holds files that no run of these inputs has written, {', '.join(strange[:3])}{more};"
                " cure: an empty folder"
            )
        if others := sorted(read - set(self._inputs)):
            many = f"{len(there & before)} outputs" if len(there & before) != 1 else "one output"
            more = f" and {len(others) - 1} more" if len(others) > 1 else ""
            shown = os.path.relpath(os.path.join(os.path.realpath(folder), others[0]))
            raise OutputError(
                f"{folder}: holds {many} of an earlier run, which read {shown}{more}, no input of this one; replacing would"
                " lose them; cure: another folder, or remove that one first"
            )
        return sorted((there & before) - set(self.names))

    def begin(self) -> None:
        """Say in the folder what is read, before anything is written: what is killed is known by it.

        Raises:
            OutputError: the folder cannot be written.
        """
        self._make(self.folder)
        with atomic_output(self.path(_BEGUN)) as out:
            out.write(orjson.dumps(self._inputs))

    def _make(self, folder: str) -> None:
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise _unwritable(self.folder, error.strerror or str(error)) from None

    def path(self, name: str) -> str:
        """Where a file of the folder stands."""
        return os.path.join(self.folder, *name.split("/"))

    def done(self, number: int, key: str) -> dict[str, Any] | None:
        """What the manifest says of an output that a killed run has written whole; None where there is none, or another one."""
        kept = self._work.get(f"output-{number:06d}")
        if kept is None or kept[0]["key"] != chained(key, self.forms[number]):
            return None
        try:
            found = os.stat(self.path(self.names[number]))
        except OSError:
            return None
        return kept[0]["entry"] if [found.st_size, found.st_mtime_ns] == kept[0]["stamp"] else None

    def write(self, number: int, rows: Iterator[Row], layout: Callable[[], Layout | None]) -> dict[str, Any]:
        """Write an output.

        Args:
            number: of the input.
            rows: consumed.
            layout: tells that of the input's rows, where there are any: for an output without a row.

        Returns:
            Its entry in the manifest.
        """
        form = self.forms[number]
        return self._entry(
            number,
            lambda path: write_rows(path, rows, form, layout),
        )

    def copy(self, number: int, copied: Copied, threads: int) -> dict[str, Any]:
        """Write an output by rows as they stand in an input; return its entry in the manifest."""
        return self._entry(number, lambda path: copy_rows(path, [copied], self.forms[number], threads))

    def _entry(self, number: int, write: Callable[[str], int]) -> dict[str, Any]:
        """What the manifest says of an output, which is written; `write` tells how many rows it has."""
        name = self.names[number]
        path = self.path(name)
        self._make(os.path.dirname(path) or ".")
        count = write(path)
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"file": name, "rows": count, "bytes": os.path.getsize(path), "sha256": digest}

    def leave_out(self, number: int, reason: str) -> dict[str, Any]:
        """Write nothing for an input of which nothing could be read; return its entry in the manifest.

        What an earlier run wrote for it stays, and the entry says so: `of_earlier_run`.
        """
        name = self.names[number]
        entry: dict[str, Any] = {"file": name, "unreadable": reason}
        return {**entry, "of_earlier_run": True} if os.path.isfile(self.path(name)) else entry

    def mark_done(self, number: int, key: str, entry: Mapping[str, Any]) -> None:
        """Remember that an output, and all that belongs to it, is written whole.

        Args:
            number: of the input.
            key: holds for what is written.
            entry: in the manifest.
        """
        found = os.stat(self.path(self.names[number]))
        key = chained(key, self.forms[number])
        stamp = [found.st_size, found.st_mtime_ns]
        self._work.put(f"output-{number:06d}", {"key": key, "entry": entry, "stamp": stamp}, {})

    def finish(self, about: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> None:
        """Write the manifest, last of all; take away the outputs of an earlier run that this one has not.

        Args:
            about: what else it tells.
            entries: of the outputs, in order.
        """
        for name in self._stale:
            os.unlink(self.path(name))
        inputs = [{**entry, "path": place} for entry, place in zip(about["inputs"], self._inputs, strict=True)]
        told = {**about, "inputs": inputs, "outputs": list(entries)}
        with atomic_output(self.path(MANIFEST)) as out:
            out.write(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
        with contextlib.suppress(OSError):
            os.unlink(self.path(_BEGUN))


def output_names(sources: Sequence[Source], formats: Sequence[str]) -> list[str]:
    """The names of outputs: those of the inputs; an ending that promises what cannot be written becomes one that can.

    Where two inputs have one name, all are named by their paths below the folder that all are in.

    Raises:
        InputError: an input has no name.
    """
    if any(source.name == STDIN_NAME for source in sources):
        raise InputError("standard input has no name, and an output folder holds a file an input; cure: -o FILE")
    names = [
        _output_name(source.name.replace("\\", "/").rpartition("/")[2], format)
        for source, format in zip(sources, formats, strict=True)
    ]
    if len(set(names)) == len(names):
        return names
    paths = [os.path.abspath(source.path or source.name) for source in sources]
    top = os.path.commonpath([os.path.dirname(path) for path in paths])
    names = [
        _output_name(os.path.relpath(path, top).replace(os.sep, "/"), format)
        for path, format in zip(paths, formats, strict=True)
    ]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"two inputs would be written as {twice[0]}; cure: name each input once, or rename one")
    return names


def _output_name(name: str, format: str) -> str:
    """The name of an output for an input of this name and format.

    >>> _output_name("a.jsonl.bz2", "jsonl"), _output_name("feed.rss", "rss"), _output_name("news.db::articles", "sqlite")
    ('a.jsonl.gz', 'feed.jsonl', 'news.db.articles.jsonl')
    """
    name, part = name.split("::", 1) if "::" in name else (name, "")
    if part:
        return f"{name}.{part}.jsonl"
    stem, packing = os.path.splitext(name)
    if packing.lower() not in _PACKINGS:
        stem, packing = name, ""
    if FORMATS_BY_NAME[format].write_rows is None:
        stem = f"{os.path.splitext(stem)[0]}.jsonl"
    return stem + (packing if packing.lower() in ("", ".gz", ".zst") else ".gz")


def _place(path: str, folder: str) -> str:
    """An input as it stands from a folder of outputs: the same from wherever a run is started, or both are moved to."""
    if "://" in path:
        return path
    try:
        return os.path.relpath(os.path.realpath(path), os.path.realpath(folder))
    except ValueError:  # on another drive
        return os.path.realpath(path)


def _listed(manifest: str, folder: str) -> tuple[set[str], set[str]]:
    """The outputs that a manifest lists, and the inputs that were read for them."""
    try:
        told = orjson.loads(Path(manifest).read_bytes())
        inputs = {own.get("path") or _place(own["file"], folder) for own in told["inputs"]}
        return {entry["file"] for entry in told["outputs"] if entry["file"]}, inputs
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise OutputError(f"{manifest}: is no manifest of clusterer; cure: an empty folder") from None


def _begun(path: str) -> set[str]:
    """The inputs of a run that did not come to its end."""
    try:
        return set(orjson.loads(Path(path).read_bytes()))
    except (OSError, ValueError, TypeError):
        raise OutputError(f"{path}: cannot be read; cure: an empty folder") from None


def _refuse_unwritable(folder: str) -> None:
    """Refuse a folder where nothing can be written, before anything is read.

    Raises:
        OutputError: naming it.
    """
    place = os.path.realpath(folder)
    while not os.path.exists(place) and os.path.dirname(place) != place:
        place = os.path.dirname(place)
    if not os.path.isdir(place):
        raise _unwritable(folder, f"{place} is no folder")
    if not os.access(place, os.W_OK | os.X_OK):
        raise _unwritable(folder, "no permission, or a place for reading only")


def _unwritable(folder: str, why: str) -> OutputError:
    return OutputError(f"{folder}: cannot be written ({why}); cure: choose another place")
