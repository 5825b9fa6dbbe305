"""Speed beside other deduplicators, with recall: texts in, verified groups out, in one process, methods in turn.

Not measured here: reading files (`floor` in `benchmarks.suites.stages`) and growth (`benchmarks.suites.scaling`).
Started by itself, ``python -m benchmarks.suites.throughput TEXTS``, it runs one job once: the NumPy twin needs a process
of its own.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from benchmarks.corpora.brute_force import brute_force
from benchmarks.corpora.feeds import Corpus
from benchmarks.measure import in_turn, installed, kernels, run_alone, timed
from benchmarks.peers.copies import PEERS, Peer
from benchmarks.plan import Plan, Row, table
from clusterer import Article, Settings, cluster
from clusterer.lsh.datasketch import SCHEMES
from clusterer.text.shingles import word_shingles
from clusterer.text.words import concatenate, hash_words

THRESHOLD = 0.7
SAME = Settings(
    level="copy",
    jaccard=THRESHOLD,
    recall=0.999,
    sample=0,
    boilerplate="none",
    containment=1.0,
    opening=1.0,
    series="merge",  # no peer parts forms
)
OURS: dict[str, Settings] = {
    "clusterer, same job": SAME,
    "clusterer, same job, 2 threads": Settings(**{**SAME.as_dict(), "threads": 2}),
    **{
        f"clusterer, same job, {scheme}": Settings(**{**SAME.as_dict(), "scheme": scheme})
        for scheme in SCHEMES
        if scheme != SAME.scheme
    },
    "clusterer, copies": Settings(level="copy"),
    "clusterer, copies, 2 threads": Settings(level="copy", threads=2),
    "clusterer, copies and stories": Settings(),
    "clusterer, copies and stories, 2 threads": Settings(threads=2),
}
TWIN = "clusterer, same job, NumPy twin"
_WARM = 50  # texts run before the clock: modules are imported and tables made

Run = tuple[float, Sequence[Any]]  # seconds, a label for every text


def throughput(plan: Plan, peers: Mapping[str, Peer] = PEERS) -> list[dict[str, Any]]:
    """Seconds from texts to groups, all methods in turn in one process, one thread unless a row says more.

    Every method gets the same texts, word 3-shingles and Jaccard threshold 0.7. "Same job" is what the peers do;
    "copies" also cuts boilerplate and finds cuts, from Jaccard 0.5; "stories" goes on to stories. A raw row is a peer's
    own tokeniser without our folding of letters. Recall: of the pairs that brute force finds at 0.7, those that ended in one
    group. Precision, for the same job: of the pairs in one group, those that brute force finds; a chain lowers it.
    Texts under six words do not count. Brute force folds letters as we do, so a peer's loss may lie in its folding.
    """
    return [_on(corpus, plan.rounds, peers) for corpus in plan.corpora]


def _on(corpus: Corpus, rounds: int, peers: Mapping[str, Peer]) -> dict[str, Any]:
    texts = [a.text for a in corpus.articles()]
    methods: dict[str, Callable[[], Run]] = {}
    absent: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, settings in OURS.items():
            ours(texts[:_WARM], settings)
            methods[name] = partial(timed, partial(ours, texts, settings))
        if kernels() == "compiled":
            file = Path(folder, "texts.json")
            file.write_bytes(orjson.dumps(texts))
            methods[TWIN] = partial(_twin, str(file))
        for name, peer in peers.items():
            reason = missing(peer, texts[:_WARM])
            if reason:
                absent.append({"method": name, "absent": reason})
            else:
                head, comma, tail = name.partition(",")
                whose = f"{head} {installed(peer.package)}{comma}{tail}"
                methods[whose] = partial(timed, partial(peer.run, texts[: peer.most], THRESHOLD))
        seconds, labels = in_turn(methods, rounds)
    pairs, judgeable = true_pairs(texts)
    rows: list[Row] = []
    for name, times in seconds.items():
        recall, precision = judged(labels[name], pairs, judgeable)
        settings = SAME if name == TWIN else OURS.get(name)
        same = settings is None or settings.jaccard == THRESHOLD
        row: Row = {"method": name, "articles": len(labels[name]), "seconds": times, "recall": recall}
        row["precision"] = precision if same else None
        rows.append(row | ({"settings": settings.as_dict()} if settings else {}))
    said = f"{len(texts):,} articles, {sum(map(len, texts)):,} letters, {len(pairs):,} pairs at Jaccard >= {THRESHOLD}."
    return table("throughput", corpus.name, [*rows, *absent], said, *compare(rows, len(texts)))


def compare(rows: list[Row], count: int) -> list[str]:
    """Give every row of all `count` texts its ratios; sentences on which peers were the fastest."""
    median = {row["method"]: statistics.median(row["seconds"]) for row in rows if row["articles"] == count}
    others = {name: s for name, s in median.items() if not name.startswith("clusterer")}
    fair = {name: s for name, s in others.items() if not name.endswith(", raw")}
    base = next((s for name, s in others.items() if name.startswith("datasketch")), None)
    for row in rows:
        mine = median.get(row["method"])
        row["to_datasketch"] = base / mine if base and mine else None
        row["to_fastest"] = min(fair.values()) / mine if fair and mine else None
    said = []
    for what, peers in (("on folded text", fair), ("of all, raw ones too", others)):
        if peers:
            name = min(peers, key=lambda peer: peers[peer])
            ratio = peers[name] / median["clusterer, same job"]
            said.append(f"Fastest peer {what}: {name}; clusterer, same job, is {ratio:.2f} times as fast.")
    return said


def missing(peer: Peer, texts: Sequence[str]) -> str:
    """Why a peer cannot run here, "" where it can; runs it once on a few texts."""
    if installed(peer.package) is None:
        return f"absent: {peer.package} is not installed"
    try:
        peer.run(texts, THRESHOLD)
    except ImportError as error:
        return f"absent: {peer.package} lacks {error.name}"
    return ""


def ours(texts: Sequence[str], settings: Settings) -> list[str]:
    """The copy group of every text."""
    return cluster((Article(text, id=str(i)) for i, text in enumerate(texts)), settings).labels("copy")


def true_pairs(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Pairs at or above the threshold by brute force, int64 (m, 2), and which texts count, bool (n,): six words or more."""
    words = concatenate(hash_words(texts[i : i + 1024]) for i in range(0, len(texts), 1024))
    truth = brute_force(word_shingles(words))
    counted = words.counts >= SAME.min_words
    return truth.pairs[counted[truth.pairs].all(axis=1) & (truth.jaccard >= THRESHOLD)], counted


def judged(labels: Sequence[Any], pairs: NDArray[np.int64], counted: NDArray[np.bool_]) -> tuple[float, float]:
    """Recall and precision of the pairs that share a label, against the true ones among the first `len(labels)`."""
    numbers: dict[Any, int] = {}
    group = np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.int64)
    mine = pairs[pairs[:, 1] < len(labels)]
    found = int((group[mine[:, 0]] == group[mine[:, 1]]).sum())
    sizes = np.bincount(group[counted[: len(labels)]])
    together = int((sizes * (sizes - 1) // 2).sum())
    return found / len(mine) if len(mine) else 1.0, found / together if together else 1.0


def _twin(file: str) -> Run:
    row = orjson.loads(run_alone("benchmarks.suites.throughput", file, CLUSTERER_KERNELS="numpy"))
    return row["seconds"], row["labels"]


def main(file: str) -> None:
    """Run the same job once and print seconds and labels as JSON."""
    texts = orjson.loads(Path(file).read_bytes())
    ours(texts[:_WARM], SAME)
    seconds, labels = timed(partial(ours, texts, SAME))
    sys.stdout.buffer.write(orjson.dumps({"seconds": seconds, "labels": labels}))


if __name__ == "__main__":
    main(sys.argv[1])
