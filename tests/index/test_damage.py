"""Damaged files: refused, or found out by `check`."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from processes import (
    Child,
    Tell,
    articles,
    batches,
    copied,
    ids,
    ids_after,
    put,
)

from clusterer.errors import ClustererError
from clusterer.index.story_index import StoryIndex

if hasattr(os, "fork"):
    import resource


pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed index of articles that came, went and came."""
    path = tmp_path_factory.mktemp("sound") / "news.db"
    some = articles()[:330]
    with StoryIndex.open(path) as index:
        for start in range(0, len(some), 30):
            index.add(some[start : start + 30])
        index.remove([a.id for a in some[::11]])
    with StoryIndex.open(path.with_name("other.db")) as other:
        other.add(some[6:10])
    with StoryIndex.open(path) as index:  # the other one's story ids become aliases
        index.merge(path.with_name("other.db"))
        assert index.check() == []
    return path


def damage(raw: bytes, dice: random.Random) -> tuple[str, bytes]:
    """A damaged copy of a file, and what was done."""
    at, out = dice.randrange(len(raw)), bytearray(raw)
    kind = dice.choice(("bit", "bit", "bit", "run", "sector", "page", "swap", "cut"))
    if kind == "bit":
        out[at] ^= 1 << dice.randrange(8)
    elif kind == "run":
        out[at : at + 40] = dice.randbytes(len(out[at : at + 40]))
    elif kind == "sector":
        at -= at % 512
        out[at : at + 512] = bytes(512)
    elif kind == "page":
        at -= at % 4096
        out[at : at + 4096] = dice.randbytes(4096)
    elif kind == "swap":
        at, other = at - at % 4096, dice.randrange(len(raw) // 4096) * 4096
        out[at : at + 4096], out[other : other + 4096] = raw[other : other + 4096], raw[at : at + 4096]
    else:
        del out[at:]
    return f"{kind} at {at}", bytes(out)


COUNTERS = {("state", "generation"), ("state", "dead"), ("state", "story"), ("state", "article")}  # may leap


def contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of a file, without counters that may leap."""
    file = sqlite3.connect(path)
    try:
        out = {}
        for (table,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            rows = file.execute(f"SELECT * FROM {table} NOT INDEXED").fetchall()
            out[table] = [row for row in rows if (table, row[0]) not in COUNTERS]
        return out
    finally:
        file.close()


def judged(path: Path, tell: Tell) -> None:
    """Open an index and ask it everything; whether it was refused, or found to be damaged."""
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, resource.RLIM_INFINITY))
    some = articles()[:3] + articles()[325:335]
    verbs: list[Callable[[StoryIndex], object]] = [
        lambda index: index.assignments(),
        lambda index: index.stories(),
        lambda index: [index.story(a.id) for a in some[1:3]],
        lambda index: index.query(some),
        lambda index: index.counts(),
        lambda index: index.add(some),
        lambda index: index.expire(max_articles=100),
    ]
    try:
        index = StoryIndex.open(path)
    except ClustererError as error:
        tell(f"refused {error}")
        return
    with index:
        try:
            problems = index.check()
            tell(f"named {problems[0]}" if problems else "unnoticed")
        except ClustererError as error:
            tell(f"refused {error}")
        for verb in verbs:
            with suppress(ClustererError):
                verb(index)


def judgement(path: Path) -> str:
    """What `judged` says, in a process of its own: "refused", "named", "unnoticed"; or how it went wrong."""
    with Child(lambda tell: judged(path, tell)) as child:
        try:
            return child.join(60)[0]
        except BaseException as error:
            trace = str(error).strip().splitlines()
            ours = [line.strip() for line in trace if "/clusterer/" in line]
            return f"went wrong: {trace[-1]} {ours[-1] if ours else ''}"


@pytest.mark.parametrize("count", [15, pytest.param(200, marks=pytest.mark.slow)])
def test_a_damaged_file_is_refused_or_found_out(
    count: int, sound: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    dice, raw, whole = random.Random(4), sound.read_bytes(), contents(sound)
    outcomes: Counter[str] = Counter()
    wrong = []
    for i in range(count):
        path = tmp_path / f"{i}.db"
        what, damaged = damage(raw, dice)
        path.write_bytes(damaged)
        try:
            changed = contents(path) != whole
        except (sqlite3.Error, UnicodeError):
            changed = True
        outcome = judgement(path)
        if outcome.startswith("went wrong") or (changed and outcome == "unnoticed"):
            wrong.append(f"{what}: {outcome}")
        outcomes[f"{outcome.split()[0]}{'' if changed else ', nothing changed'}"] += 1
        for left in tmp_path.glob(f"{i}.db*"):
            left.unlink()
    record_property("damages", dict(outcomes))
    print(dict(outcomes))
    assert not wrong, f"{len(wrong)} of {count}:\n" + "\n".join(wrong)
    assert outcomes["refused"] + outcomes["named"] >= count / 2


CHECKED = {
    "made": "value",
    "article": "key id digest date outlet added document crc",
    "body": "content",
    "document": "article hash words centre",
    "link": "shared smaller larger opening own_opening facts dates names subjects edits numbers ties",
    "text": "story first last outlets slots",
    "pair": "score features",
    "story": "id into_story",
    "segment": "firsts documents stems",
    "page": "entries",
}


def changed(value: Any, dice: random.Random) -> Any:
    """A value that differs a little."""
    if isinstance(value, int):
        return value ^ 1 << dice.randrange(60 if abs(value) > 1 << 40 else 4)
    if isinstance(value, float):
        return value + dice.choice((0.5, -0.25, 0.001))
    raw = bytearray(value.encode() if isinstance(value, str) else value)
    raw[dice.randrange(len(raw))] ^= 1
    return raw.decode(errors="replace") if isinstance(value, str) else bytes(raw)


@pytest.mark.parametrize(("table", "name"), [(table, name) for table in CHECKED for name in CHECKED[table].split()])
def test_a_changed_value_is_found_out(sound: Path, tmp_path: Path, table: str, name: str) -> None:
    dice, wrong = random.Random(f"{table}.{name}"), []
    for i in range(2):
        path = tmp_path / f"{i}.db"
        shutil.copy(sound, path)
        file = sqlite3.connect(path)
        keys = [row[1] for row in file.execute(f"PRAGMA table_info({table})") if row[5]]
        rows = file.execute(f"SELECT {name}, {', '.join(keys)} FROM {table} WHERE length({name}) > 0").fetchall()
        where = " AND ".join(f"{key} = ?" for key in keys)
        while True:
            value, *place = dice.choice(rows)
            with suppress(sqlite3.IntegrityError):
                file.execute(f"UPDATE {table} SET {name} = ? WHERE {where}", (changed(value, dice), *place))
                break
        file.commit()
        file.close()
        outcome = judgement(path)
        if not outcome.startswith(("refused", "named")):
            wrong.append(f"row {place}: {outcome}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("size", [2, 50, 99, 100, 512, 4095, 4096, 5000, 40960])
def test_a_file_cut_short_is_refused(sound: Path, tmp_path: Path, size: int) -> None:
    path = tmp_path / "news.db"
    path.write_bytes(sound.read_bytes()[:size])
    assert judgement(path).startswith("refused")


@pytest.mark.parametrize("count", [6, pytest.param(60, marks=pytest.mark.slow)])
def test_a_damaged_log_gives_an_older_state_or_is_refused(count: int, tmp_path: Path) -> None:
    """SQLite cannot tell a log that was damaged from one whose writing was cut short: it takes what is whole."""
    steps, path, image = batches(20, 10), tmp_path / "news.db", tmp_path / "image.db"
    there, dice = ids_after(steps), random.Random(6)
    with StoryIndex.open(path) as index:
        for step in steps:
            step.carry_out(index)
        file, log = copied(path, image)
    for _ in range(count):
        _, damaged = damage(log, dice)
        put(image, file, damaged)
        with Child(lambda tell: judged(image, tell)) as child:
            assert child.join()[0].startswith(("refused", "named", "unnoticed"))
        put(image, file, damaged)
        with suppress(ClustererError), StoryIndex.open(image) as index:
            if index.check() == []:
                assert ids(index) in there
