"""The memory of a run: groups are the same whatever it is, and budgets and folders that cannot be are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import run
from places import DATA

from clusterer import Settings, budget, cluster
from clusterer.arrays import spill
from clusterer.arrays.spill import Store
from clusterer.deduplication import dedup
from clusterer.errors import OutputError, SettingsError
from clusterer.io.feed import Feed
from clusterer.settings import LEAST_MEMORY

FEED = DATA / "feed.jsonl"


@pytest.mark.parametrize("threads", [1, 2])
def test_groups_are_the_same_when_everything_is_spilled(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    articles, stores = [row.article for row in Feed([FEED])], []
    expected, kept = cluster(articles, threads=threads), dedup(articles, threads=threads)

    def store_of(settings: Settings) -> Store:
        stores.append(budget.store_of(settings))
        return stores[-1]

    monkeypatch.setattr(spill, "SMALL", 0)
    monkeypatch.setattr(spill, "_LEAST_PART", 1 << 14)
    monkeypatch.setattr("clusterer.corpus.store_of", store_of)
    small = {"memory": f"{LEAST_MEMORY // 10**6}M", "threads": threads, "chunk": 100}
    assert cluster(articles, **small) == expected
    assert dedup(articles, **small).removed == kept.removed
    assert stores
    assert all(store.limit == 0 and store.spilled > 0 for store in stores)


def test_a_command_with_a_budget_writes_the_same(tmp_path: Path) -> None:
    for name, options in (("free", []), ("tight", ["--memory", "0.5G", "--tmp", str(tmp_path)])):
        done = run("cluster", str(FEED), "-o", str(tmp_path / name), *options)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "free").read_bytes() == (tmp_path / "tight").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["free", "tight"]


@pytest.mark.parametrize(
    ("memory", "said"),
    [
        ("10M", r"memory is '10M'; a run takes 500M before .*; cure: 500M or more"),
        ("much", r"memory is 'much'; it must be a size; cure: such as 500MB or 4G"),
    ],
)
def test_a_budget_that_cannot_be_is_told(memory: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Settings(memory=memory)


def test_a_folder_that_is_none_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"gone: --tmp is no folder; cure: make it"):
        budget.store_of(Settings(tmp=str(tmp_path / "gone")))


def test_a_budget_is_half_of_what_is_free_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "free_bytes", lambda: 8_000_000_000)
    assert budget.store_of(Settings()).limit == (4_000_000_000 - LEAST_MEMORY) // 2
    assert budget.store_of(Settings(memory="2.5G")).limit == 1_000_000_000
    monkeypatch.undo()
    assert budget.free_bytes() > 1 << 20
