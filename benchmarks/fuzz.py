"""Fuzzing: bytes of no sense into all that reads bytes of others. `make fuzz`, or `python -m benchmarks.fuzz --seconds 60`.

Each target takes bytes and may raise nothing but the errors that a user can mend; some hold two ways to one result against each
other. Atheris leads the way by coverage where it is installed (`clusterer[fuzz]`); else samples are changed at random. A finding
is written to a file that `--replay FILE TARGET` runs again, and ends as a small test.
"""

from __future__ import annotations

import argparse
import dataclasses
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

ROWS = [
    {
        "id": "1",
        "title": "عنوان",
        "text": 'قالت الوزارة "اليوم", ثم\nسطر',
        "date": "2015-07-23 10:20",
        "url": "http://a.example/1",
    },
    {"id": "2", "title": "خبر", "text": "نص ثان <b>من</b> HTML &amp; غيره", "date": "٢٣ يوليو ٢٠١٥", "source": "وكالة"},
]
Target = Callable[[bytes], None]


def _check(holds: object, said: str) -> None:
    assert holds, said


def _folder() -> Path:
    shared = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="clusterer-fuzz-", dir=shared if shared.is_dir() else None))


def _reader(name: str, folder: Path) -> Target:
    """Read bytes as a format; anything but an `InputError` is a finding."""
    from clusterer.errors import InputError
    from clusterer.io import Feed, write_rows

    path, back = folder / "a", folder / "b"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        bad: list[Any] = []
        try:
            feed = Feed(path, format=name, limits={"row-bytes": 1 << 18}, on_bad=bad.append)
            rows = list(feed)
        except InputError as error:
            _check("cure: " in str(error), f"no cure: {error}")
            return
        for one in bad:
            assert "cure: " in one.reason, f"no cure: {one.reason}"
            assert "reader stopped" not in one.reason, one.reason
        if rows and name in ("jsonl", "json", "csv", "tsv") and len({row.layout.columns for row in rows}) == 1:
            write_rows(back, rows)
            again = [row.article for row in Feed(back, format=name, limits={"row-bytes": 1 << 19})]
            assert again == [row.article for row in rows], "read back otherwise"

    return read


def _json_array(data: bytes) -> None:
    """An array in chunks of any size gives what it gives whole."""
    from clusterer.io.feed_limits import FeedLimits
    from clusterer.io.readers.json_array import JsonArray

    def told(chunks: Iterator[bytes]) -> list[tuple[bytes, str]]:
        return [(raw, repr(value)) for raw, value in JsonArray(chunks, FeedLimits(row_bytes=1 << 16))]

    size = 1 + data[0] % 7 if data else 1
    body = data[1:]
    assert told(iter([body])) == told(body[i : i + size] for i in range(0, len(body), size)), "chunks matter"


def _both(function: Callable[[], Any]) -> None:
    """Hold the compiled kernels against NumPy, bit for bit."""
    import numpy as np

    from clusterer.arrays import kernels

    found = []
    for name in ("compiled", "numpy"):
        if name in kernels.modules:
            kernels.use(name)
            found.append(function())

    def parts(value: Any) -> Iterator[Any]:
        if dataclasses.is_dataclass(value):
            value = [getattr(value, own.name) for own in dataclasses.fields(value)]
        if isinstance(value, list | tuple):
            for part in value:
                yield from parts(part)
        else:
            yield value

    for one, other in zip(*map(list, map(parts, found)), strict=True) if len(found) == 2 else ():
        assert np.array_equal(one, other), "compiled and NumPy differ"


def _folding(data: bytes) -> None:
    from clusterer.text.normalize import fold, normalise
    from clusterer.text.shingles import word_shingles
    from clusterer.text.words import hash_words

    texts = data.decode("utf-8", "replace").split("\x1e")
    _both(lambda: fold(texts, positions=True))
    _both(lambda: word_shingles(hash_words(texts)))
    once = normalise(texts)
    assert normalise(once) == once, "folded twice is other than once"


def _dates(data: bytes) -> None:
    from clusterer.io.dates import dates_month_first, parse_date

    value = data.decode("utf-8", "replace")
    for month_first in (False, True):
        moment = parse_date(value, month_first, True)
        assert moment is None or moment.tzinfo is not None
    dates_month_first([value, value[::-1]])


def _html(data: bytes) -> None:
    from clusterer.io.html import clean_text
    from clusterer.io.readers.markdown import fields_of

    value = data.decode("utf-8", "replace")
    started = time.process_time()
    clean_text(value)
    fields_of(value)
    assert time.process_time() - started < 1 + len(value) / 1e5, "not linear"


def _settings(data: bytes) -> None:
    from clusterer.errors import ClustererError
    from clusterer.settings import Settings, toml_values

    try:
        Settings(**toml_values(data.decode("utf-8", "replace")))
    except ClustererError as error:
        _check(str(error), "an error without a word")


def _gold(folder: Path) -> Target:
    from clusterer.errors import ClustererError
    from clusterer.evaluation.gold import read_gold
    from clusterer.evaluation.result_file import read_result

    paths = [folder / "gold.jsonl", folder / "gold.csv"]

    def read(data: bytes) -> None:
        for path in paths:
            path.write_bytes(data)
            for load in (read_gold, read_result):
                try:
                    load(path)
                except ClustererError as error:
                    _check(str(error), "an error without a word")

    return read


def _guards(data: bytes) -> None:
    from clusterer.cli.terminal import plain
    from clusterer.io.guard import guarded, json_line, unguarded

    value = data.decode("utf-8", "replace")
    assert unguarded(guarded(value)) == value
    line = json_line({"a": value})
    assert json.loads(line) == {"a": value}
    assert b"</" not in line
    shown = plain(value)
    assert "\x1b" not in shown
    assert not any(0x80 <= ord(c) < 0xA0 or c in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069" for c in shown)


def targets(folder: Path) -> dict[str, Target]:
    """All targets by name; what a missing package leaves out is not there."""
    from clusterer.errors import InputError
    from clusterer.io.formats import FORMATS

    found: dict[str, Target] = {}
    for format in FORMATS:
        try:
            format.require()
        except InputError:
            continue
        found[f"read-{format.name}"] = _reader(format.name, folder)
    return found | {
        "json-array": _json_array,
        "folding": _folding,
        "dates": _dates,
        "html": _html,
        "settings": _settings,
        "gold": _gold(folder),
        "guards": _guards,
    }


def seeds(name: str) -> list[bytes]:
    """Small inputs that a target understands."""
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
    array = b"[" + lines.strip().replace(b"\n", b",\n") + b"]"
    table = 'id,text,date\n1,"قال ""نعم""\nسطر",2015-07-23\n2,خبر,23/07/2015\n'.encode()
    page = f"<!DOCTYPE html><html><head><title>عنوان</title></head><body><p>{ROWS[0]['text'] * 5}</p></body></html>".encode()
    rss = (
        b'<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:georss="http://www.georss.org/georss">'
        b'<channel><title>a</title><item><title>b</title><description>c</description><media:thumbnail url="x"/>'
        b"<georss:point>1 2</georss:point><pubDate>Thu, 23 Jul 2015 10:20:30 GMT</pubDate></item></channel></rss>"
    )
    dump = "CREATE TABLE `a` (`id` int, `text` text);\nINSERT INTO `a` VALUES (1,'قال \\'نعم\\''),(2,'خبر');\n".encode()
    sitemap = (
        b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
        b"<url><loc>http://a.example/1</loc><news:news><news:title>t</news:title></news:news></url></urlset>"
    )
    own: dict[str, list[bytes]] = {
        "read-json": [array, b'{"articles":' + array + b"}"], "json-array": [b"\2" + array, b"\5" + array],
        "read-csv": [table], "read-tsv": [table.replace(b",", b"\t"), b"id\ttext\n1\ta\\nb\n"], "read-rss": [rss],
        "read-sitemap": [sitemap], "read-html": [page], "html": [page, b"# a\n\n**b** [c](d)"], "read-sql": [dump],
        "read-markdown": ["---\ndate: 2015-07-23\n---\n# عنوان\n\n**نص** [رابط](x)\n".encode()],
        "dates": ["٢٣ يوليو ٢٠١٥ 10:20 ص".encode(), b"Thu, 23 Jul 2015 10:20:30 +0300", b"04/11/2016", "6 شوال 1436".encode()],
        "settings": [b'copy_threshold = 0.4\nlevel = "copy"\n'],
        "gold": [b'{"id":"a","event":"1","dup":"1"}\n{"id":"b","event":"1"}\n', b"id,event\na,1\nb,2\n", b"a,b,same\n1,2,true\n"],
        "guards": [b"=1+1", "\u202e\x1b[2J</script>".encode()],
        "folding": ["قَالَت الوزارة ٣٫٥ و 1,234 ﷺ".encode(), "ترمب\x1eترامب 😀".encode()],
    }  # fmt: skip
    return own.get(name) or [*_made(name), lines, gzip.compress(lines)]


def _made(name: str) -> list[bytes]:
    """Files that a package makes, where it is there."""
    import contextlib
    import io
    import sqlite3

    out = io.BytesIO()
    with contextlib.suppress(ImportError):
        if name == "read-parquet":
            import_module("pyarrow.parquet").write_table(import_module("pyarrow").Table.from_pylist(ROWS), out)
        elif name == "read-xlsx":
            book = import_module("openpyxl").Workbook()
            for row in ([*ROWS[0]], [*ROWS[0].values()]):
                book.active.append(row)
            book.save(out)
        elif name == "read-sqlite":
            with contextlib.closing(sqlite3.connect(":memory:")) as memory:
                memory.executescript(
                    "CREATE TABLE a(id, text); INSERT INTO a VALUES (1, 'b'), (2, x'ff'), (NULL, NULL)"
                )
                return [memory.serialize()]
        elif name == "read-warc":
            http = (
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body><p>" + b"word " * 50 + b"</body></html>"
            )
            head = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/\r\nWARC-Date: 2015-07-23T10:20:30Z\r\n"
            kind = b"Content-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n" % len(http)
            return [head + kind + http + b"\r\n\r\n"]
    return [out.getvalue()] if out.getvalue() else []


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


def _lead(name: str, target: Target, seconds: float, out: Path) -> None:
    """Let Atheris lead; it ends the process."""
    atheris = import_module("atheris")
    corpus = out / f"{name}-corpus"
    corpus.mkdir(exist_ok=True)
    for number, sample in enumerate(seeds(name)):
        (corpus / f"seed-{number}").write_bytes(sample)
    flags = [f"-max_total_time={int(seconds)}", "-max_len=8192", "-timeout=20", "-rss_limit_mb=3000", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *flags, f"-artifact_prefix={out}/{name}-", str(corpus)], target)
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
    try:
        atheris = None if arguments.random else import_module("atheris")
    except ImportError:
        atheris = None
        print("Atheris is not installed: samples are changed at random; pip install 'clusterer[fuzz]'", flush=True)
    if arguments.lead and atheris:
        with atheris.instrument_imports(include=["clusterer", "feedparser"]):
            target = targets(_folder())[arguments.lead]
            for sample in seeds(arguments.lead):
                target(sample)  # imports what is imported late
        _lead(arguments.lead, target, arguments.seconds, arguments.out)
        return
    all_targets = targets(_folder())
    if arguments.replay:
        all_targets[arguments.names[0]](arguments.replay.read_bytes())
        return
    names, found = arguments.names or list(all_targets), 0
    for name in names:
        share = arguments.seconds / len(names)
        if atheris:
            command = [
                sys.executable,
                "-m",
                "benchmarks.fuzz",
                "--lead",
                name,
                "--seconds",
                f"{share}",
                "--out",
                f"{arguments.out}",
            ]
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
            lines = done.stderr.decode("utf-8", "replace").splitlines()
            wrong = " | ".join([line for line in lines if "Error" in line or "ERROR" in line][-3:])[:400]
            found += bool(done.returncode)
            print(f"{name:14} {'a finding: ' + wrong if done.returncode else 'nothing found'}", flush=True)
        else:
            runs, findings = hunt(name, all_targets[name], share, arguments.out, arguments.seed)
            found += findings
            print(f"{name:14} {runs:>9,} runs, {findings} findings", flush=True)
    print(f"{found} findings in {arguments.seconds:g} s")
    sys.exit(bool(found))


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    main()
