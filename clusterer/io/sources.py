"""From paths to inputs: the files of folders, globs and archives in a fixed order, and standard input.

Opens nothing but archives, whose members it must name. What a name's ending says is looked up in `formats`.
"""

from __future__ import annotations

import glob
import io
import os
import re
import shutil
import sys
import weakref
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from clusterer.errors import InputError
from clusterer.io.archives import refused_archive
from clusterer.io.atomic import temporary_file
from clusterer.io.compression import CHUNK, PACKINGS
from clusterer.io.feed_limits import LimitReached
from clusterer.io.formats import FORMATS, FORMATS_BY_NAME

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://|[a-z][a-z0-9+-]+::[a-z][a-z0-9+-]*://", re.I)
_PART = re.compile(r"\.(?:db|sqlite3?|xls[xmb]?|ods|sql)::[^:/]+$", re.I)
STDIN_NAME = "<stdin>"
MANIFEST = "_manifest.json"  # what a run into a folder says of its outputs
# also: packed in a way that is not known, encrypted, names that are not UTF-8
BAD_ZIP = (zipfile.BadZipFile, RuntimeError, UnicodeDecodeError, EOFError)


@dataclass(slots=True)
class Source:
    r"""One file, archive member or stream.

    Attributes:
        name: as it is shown; members of archives as "feed.zip/member.jsonl"; bytes that are not UTF-8 as "\xce".
        open: opens it for reading.
        formats: names of the formats that it may have by its ending or by the caller's word; none where these say
            nothing. Of several, or none, its first bytes decide.
        packing: "gz", "zst", "bz2" or "xz" by its ending, else "".
        id: its name without folder and endings, the id of an article that is a whole file.
        part: of a database or workbook the table or sheet that is meant; "" for none.
        path: of a file that can be opened by it; None for members and streams.
        packed_bytes: of an archive's member, the bytes that it takes there; 0 for others.
    """

    name: str
    open: Callable[[], AbstractContextManager[BinaryIO]]
    formats: tuple[str, ...]
    packing: str
    id: str
    path: str | None = None
    part: str = ""
    packed_bytes: int = 0


def find_sources(
    paths: Sequence[str | os.PathLike[str]] | str | os.PathLike[str], format: str | None, max_members: int = 100_000
) -> tuple[Source, ...]:
    """All files, archive members and streams that the paths name, each path's own sorted by name.

    Args:
        paths: as for `Feed`.
        format: as for `Feed`.
        max_members: of an archive with more, nothing is read.

    Raises:
        InputError: a path or glob without a file, a folder or archive without a file that can be read.
    """
    names = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not names:
        raise InputError("no input given; cure: name a file, a folder, a glob, or - for standard input")
    sources: list[Source] = []
    for path in [os.fspath(path) for path in names]:
        if path == "-":
            sources.append(Source(STDIN_NAME, _Stdin().open, _given(format), "", "stdin"))
        elif os.path.exists(path):
            sources += _sources_at(path, format, max_members)
        elif _SCHEME.match(path):
            sources += _remote(path, format)
        elif (named := split_part(path))[1]:
            file, part = named
            sources.append(replace(source_of_file(file, format), name=path, part=part))
        elif matches := sorted(glob.glob(path, recursive=True)) if glob.has_magic(path) else []:
            for match in matches:
                sources += _sources_at(match, format, max_members)
        elif glob.has_magic(path):
            raise InputError(f"{path!r} matches no file; cure: check the pattern, or name a folder")
        else:
            raise InputError(f"{path!r} does not exist; cure: check the path")
    for source in sources:
        source.name, source.id = printable(source.name), printable(source.id)
    counts = Counter(source.id for source in sources)
    for source in sources:
        if counts[source.id] > 1:  # the same name in two places: ids of text files must differ
            source.id = os.path.splitext(source.name)[0]
    return tuple(sources)


def _remote(path: str, format: str | None) -> list[Source]:
    """The files that an address of fsspec's names: one, a glob's, or those of a folder that ends in a slash.

    Raises:
        InputError: fsspec, or what it needs for the address, is not installed; nothing is there.
    """
    try:
        fsspec = import_module("fsspec")
    except ImportError:
        raise InputError(f"{path}: remote paths need fsspec; cure: pip install 'clusterer[remote]'") from None
    address, _, part = path.rpartition("::") if _PART.search(path) else (path, "", "")
    try:
        system, inner = fsspec.core.url_to_fs(address)
        protocol = address.partition("://")[0]
        if glob.has_magic(address) and protocol not in ("http", "https"):
            names = sorted(name for name in system.glob(inner) if system.isfile(name))
        elif address.endswith("/"):
            names = sorted(name for name in system.find(inner) if _wanted(name, format))
            names = _without_asides(names, format)
        else:
            names = [inner]
    except ImportError as error:
        raise InputError(f"{path}: {error}; cure: install the package that it names") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be reached ({error}); cure: check the address and the access to it") from None
    if not names:
        raise InputError(f"{path!r} matches no file; cure: check the pattern, or end the address of a folder in /")
    sources = []
    for name in names:
        full = name if "://" in name else f"{protocol}://{name.lstrip('/')}"
        source = source_of_file(urlsplit(full).path if protocol in ("http", "https") else full, format)
        opener = partial(_open_remote, system, name)
        sources.append(replace(source, name=f"{full}::{part}" if part else full, open=opener, path=None, part=part))
    return sources


def _open_remote(system: Any, name: str) -> BinaryIO:
    try:
        return cast(BinaryIO, io.BufferedReader(system.open(name, "rb")))
    except OSError:
        raise
    except Exception as error:  # of the storage's own client
        raise OSError(f"{type(error).__name__}: {error}") from None


def printable(name: str) -> str:
    r"""A file's name as UTF-8 can hold it.

    >>> printable(b"\xce\xc8\xd1.txt".decode("utf-8", "surrogateescape"))
    '\\xce\\xc8\\xd1.txt'
    """
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")


class _Stdin:
    """Standard input, copied to a temporary file on first use so that it can be read again."""

    def __init__(self) -> None:
        self._copy = ""
        self._held: io.FileIO | None = None

    def open(self) -> BinaryIO:
        """Open the copy from its start."""
        if not self._copy:
            import tempfile

            held, self._copy = temporary_file(os.path.join(tempfile.gettempdir(), "clusterer-"), STDIN_NAME)
            os.chmod(self._copy, 0o600)
            weakref.finalize(self, os.unlink, self._copy)
            self._held = held  # open, and thereby known as this process's
            shutil.copyfileobj(sys.stdin.buffer, held, CHUNK)
        return open(self._copy, "rb")


def _sources_at(path: str, format: str | None, max_members: int, inside: bool = False) -> list[Source]:
    if os.path.isdir(path):
        root = Path(path)
        found = (
            p for p in root.rglob("*") if p.is_file() or (p.is_symlink() and not p.exists())
        )  # a lost file is told
        names = sorted(p.relative_to(root).as_posix() for p in found)
        wanted = _without_asides([name for name in names if _wanted(name, format, zips=True)], format)
        sources = []
        for name in wanted:
            for source in _sources_at(str(root / name), format, max_members, inside=True):
                source.id = _stem(name) if source.path else source.id
                sources.append(source)
        if not sources:
            raise _nothing_in(path, "folder", format)
        return sources
    if path.lower().endswith(".zip"):
        broken = Source(path, partial(_broken_zip, path), _given(format or "jsonl"), "", "")
        try:
            if refused := refused_archive(path, max_members):
                return [replace(broken, open=partial(_refused_zip, refused))]
            archive = zipfile.ZipFile(path)
        except OSError as error:
            raise InputError(
                f"{path}: cannot be read ({error.strerror or error}); cure: check its permissions"
            ) from None
        except Exception:  # of many kinds, such as struct.error
            return [broken]
        members = _without_asides(sorted(name for name in archive.namelist() if _wanted(name, format)), format)
        if not members and not inside:
            raise _nothing_in(path, "archive", format)
        return [
            Source(f"{path}/{name}", partial(_open_member, archive, name), _given(format) or _possible(_ending(name)[0]),
                    _ending(name)[1], _stem(name), packed_bytes=archive.getinfo(name).compress_size)
            for name in members
        ]  # fmt: skip
    return [source_of_file(path, format)]


def source_of_file(path: str, format: str | None = None) -> Source:
    """One file as an input; it need not be there yet.

    >>> source_of_file("feeds/today.csv.gz").formats
    ('csv',)
    """
    formats, packing = _ending(path)
    return Source(
        path, partial(_open_file, path), _given(format) or _possible(formats), packing, _stem(Path(path).name), path
    )


def split_part(path: str) -> tuple[str, str]:
    """The file that a path names, and the table or sheet of it behind "::", "" where none is."""
    file, _, part = path.rpartition("::")
    return (file, part) if file and not os.path.exists(path) and os.path.isfile(file) else (path, "")


def _given(format: str | None) -> tuple[str, ...]:
    return () if format is None else (format,)


def _possible(formats: tuple[str, ...]) -> tuple[str, ...]:
    """Formats that an ending says, after those that files with it may have by their first bytes."""
    return tuple(dict.fromkeys([*(other for name in formats for other in FORMATS_BY_NAME[name].may_be), *formats]))


def _open_file(path: str) -> BinaryIO:
    return Path(path).open("rb")


def _open_member(archive: zipfile.ZipFile, name: str) -> AbstractContextManager[BinaryIO]:
    return cast(AbstractContextManager[BinaryIO], archive.open(name))


def _broken_zip(path: str) -> AbstractContextManager[BinaryIO]:
    raise zipfile.BadZipFile(f"{path} is not a whole zip archive")


def _refused_zip(reason: str) -> AbstractContextManager[BinaryIO]:
    raise LimitReached(reason)


def _nothing_in(path: str, kind: str, format: str | None) -> InputError:
    endings = dict.fromkeys(ending for own in FORMATS if format in (None, own.name) for ending in own.endings)
    return InputError(
        f"{path}: the {kind} holds no file that can be read; cure: files ending in {' '.join(endings)}, "
        "also with .gz, .zst, .bz2 or .xz"
    )


def _wanted(name: str, format: str | None, zips: bool = False) -> bool:
    """Whether a file in a folder or archive is part of the feed: a known ending, not hidden, not what a run of ours left."""
    parts = name.split("/")
    if parts[-1] == MANIFEST or any(part.startswith((".", "__MACOSX")) for part in parts):
        return False
    if zips and name.lower().endswith(".zip"):
        return True
    formats = _ending(name)[0]
    return bool(formats) if format is None else format in formats


def _without_asides(names: list[str], format: str | None) -> list[str]:
    """The files of a feed, without those that only stand beside it; all, where there are no others."""
    if format is not None:
        return names
    feeds = [name for name in names if not any(FORMATS_BY_NAME[own].is_aside for own in _ending(name)[0])]
    return feeds or names


def _ending(name: str) -> tuple[tuple[str, ...], str]:
    """What the ending says: the formats that may have it, and the packing ("gz", "zst", "bz2", "xz" or "")."""
    stem, last = os.path.splitext(name.lower())
    packing = last[1:] if last in PACKINGS else ""
    ending = os.path.splitext(stem)[1] if packing else last
    return tuple(format.name for format in FORMATS if ending in format.endings), packing


def _stem(name: str) -> str:
    stem, packed = os.path.splitext(name)
    return os.path.splitext(stem)[0] if packed.lower() in PACKINGS else stem
