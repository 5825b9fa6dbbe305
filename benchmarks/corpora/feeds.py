"""The feeds that claims are measured on, each with its licence and a checksum.

`data/` and the generated feeds have one content on every machine: its SHA-256 is written here, and a report says
whether it is met. Feeds of the user's have theirs computed. Generated ones are kept in a cache folder, whole or not at all.
Measures nothing.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from benchmarks.corpora import generator
from clusterer import Article
from clusterer.io.feed import Feed

DATA = Path(__file__).parents[2] / "data"
SEED = 1
SHA256 = {
    "data": "20cad6f78c1dfcf14a838e1890290953ff5ba3df41a928580325c8f455dbfe09",
    "generated-10000": "8d05a4704d7cbfaaf0fc9f15be618745eb90aea8caf6a3186ee5fa3d31f6a9f3",
}
"""Of those whose content is fixed."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """A feed to measure on.

    Attributes:
        name: as reports show it.
        licence: of the articles.
        path: a file or folder in any of our input formats.
        limit: only so many articles, from the start; None for all.
    """

    name: str
    licence: str
    path: Path
    limit: int | None = None

    def articles(self) -> list[Article]:
        """The articles, rows that cannot be read left out."""
        return [row.article for row in islice(Feed([self.path]), self.limit)]

    def described(self) -> dict[str, Any]:
        """Name, licence, size and checksum for the report; `fixed` is None where no content is promised."""
        articles, found = self.articles(), sha256(self.path)
        return {
            "name": self.name,
            "licence": self.licence,
            "articles": len(articles),
            "letters": sum(len(a.text) for a in articles),
            "sha256": found,
            "fixed": None if self.name not in SHA256 else SHA256[self.name] == found,
        }


def sample(limit: int | None = None) -> Corpus:
    """The sample feed that comes with the project."""
    return Corpus("data", "GPL-3.0-or-later", DATA / "feed.jsonl", limit)


def named(path: Path, limit: int | None = None) -> Corpus:
    """A file or folder of the user's."""
    return Corpus(f"--feed {path.resolve().name}", "its owners'", path, limit)


def saudinewsnet(folder: Path, limit: int | None = None) -> Corpus:
    """SaudiNewsNet (Alhagri 2015) from a folder that the user has fetched; research only, so it is no part of this."""
    return Corpus("SaudiNewsNet", "CC BY-NC-SA 4.0, the articles their newspapers'", folder, limit)


def generated(count: int, cache: Path, limit: int | None = None) -> Corpus:
    """A feed of the seeded generator, made on first use."""
    made_by = hashlib.sha256(Path(generator.__file__).read_bytes()).hexdigest()[:8]
    path = cache / f"generated-{count}-seed{SEED}-{made_by}.jsonl"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=cache, prefix=".making-", delete=False) as out:
            try:
                out.writelines(orjson.dumps(row) + b"\n" for row in generator.feed(count, SEED))
            except BaseException:
                os.unlink(out.name)
                raise
        os.replace(out.name, path)
    return Corpus(f"generated-{count}", "GPL-3.0-or-later", path, limit)


def planted(corpus: Corpus) -> list[int]:
    """The number of the copy group of every article of a generated feed."""
    with corpus.path.open("rb") as lines:
        return [orjson.loads(line)["copy"] for line in islice(lines, corpus.limit)]


def default_cache() -> Path:
    """Where generated feeds are kept unless the user says otherwise."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "clusterer-benchmarks"


def sha256(path: Path) -> str:
    """Of a file's bytes, or of the names and bytes of all files in a folder, in order of name."""
    found = hashlib.sha256()
    for name, block in _blocks(path):
        found.update(name + block)
    return found.hexdigest()


def _blocks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
        with file.open("rb") as stream:
            name = b"" if path.is_file() else file.relative_to(path).as_posix().encode()
            while block := stream.read(1 << 20):
                yield name, block
                name = b""
