"""Other deduplicators on our job: texts in, verified groups of copies out. Each is used as its makers show it.

Every adapter gets the same texts, 3-word shingles, threshold, number of slots and one thread, folds letters with the
fastest way plain Python has (`fold`), and checks its candidates on the exact shingle sets where it does not do so itself.
Where a peer brings a tokeniser of its own, a second row shows it raw: its own letters, its own decision.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import DisjointSet

SLOTS, BANDS, ROWS = 128, 25, 5
_WORDS = re.compile(r"\w+")
_FOLDS = {ord(a): b for a, b in zip("أإآٱىیکةؤئ", "اااايىكهوي", strict=True)} | {0x640: None, 0x670: None}
_FOLDS |= dict.fromkeys([*range(0x64B, 0x660), *range(0x6D6, 0x6EE), *range(0x200B, 0x2010)])

Groups = list[int]


@dataclass(frozen=True, slots=True)
class Peer:
    """One method of somebody else's.

    Attributes:
        package: its distribution on PyPI.
        run: texts and a Jaccard threshold to the number of each text's group.
        verifies: groups rest on exact Jaccard, checked by itself or by `groups`.
        most: texts it can be asked for, where its cost grows with their square.
    """

    package: str
    run: Callable[[Sequence[str], float], Groups]
    verifies: bool = True
    most: int | None = None


def fold(text: str) -> list[str]:
    """Words of a text, letters folded much as our `news` profile folds them."""
    return _WORDS.findall(text.translate(_FOLDS).lower())


def shingles(text: str) -> set[str]:
    """Word 3-shingles of a folded text as strings."""
    words = fold(text)
    return {" ".join(words[i : i + 3]) for i in range(max(1, len(words) - 2))}


def groups(
    count: int, candidates: Iterable[tuple[int, Iterable[int]]], sets: Sequence[set[str]], threshold: float
) -> Groups:
    """Candidates checked by exact Jaccard and joined; the number of each text's group."""
    near = ((i, j) for i, found in candidates for j in found if j < i)
    return joined(count, ((i, j) for i, j in near if len(sets[i] & sets[j]) >= threshold * len(sets[i] | sets[j])))


def joined(count: int, pairs: Iterable[tuple[int, int]]) -> Groups:
    """The connected component of each text."""
    parts = DisjointSet(range(count))
    for i, j in pairs:
        parts.merge(i, j)
    return [parts[i] for i in range(count)]


def datasketch(texts: Sequence[str], threshold: float) -> Groups:
    """Group by datasketch 2: `MinHash.bulk` and `MinHashLSH`."""
    from datasketch import MinHash, MinHashLSH

    sets = [shingles(text) for text in texts]
    hashes = MinHash.bulk([[s.encode() for s in one] for one in sets], num_perm=SLOTS)
    index = MinHashLSH(num_perm=SLOTS, params=(BANDS, ROWS))
    with index.insertion_session() as session:
        for i, one in enumerate(hashes):
            session.insert(i, one)
    return groups(len(texts), ((i, index.query(one)) for i, one in enumerate(hashes)), sets, threshold)


def rensa(texts: Sequence[str], threshold: float) -> Groups:
    """rensa: R-MinHash in bulk, its LSH (bands must divide the slots: 32 of 4)."""
    from rensa import RMinHash, RMinHashLSH

    sets = [shingles(text) for text in texts]
    hashes = RMinHash.from_token_sets([list(one) for one in sets], SLOTS, 1)
    index = RMinHashLSH(threshold, SLOTS, SLOTS // 4)
    index.insert_many(hashes)
    return groups(len(texts), enumerate(index.query_all(hashes)), sets, threshold)


def gaoya(texts: Sequence[str], threshold: float) -> Groups:
    """Group by gaoya on folded text: its own shingles, its own decision by estimates, not by the exact sets."""
    return gaoya_raw([" ".join(fold(text)) for text in texts], threshold)


def gaoya_raw(texts: Sequence[str], threshold: float) -> Groups:
    """Group by gaoya: its own tokeniser in Rust, its own decision by estimates."""
    from gaoya.minhash import MinHashStringIndex

    index = MinHashStringIndex(32, threshold, BANDS, ROWS, None, "word", False, (3, 3))
    index.par_bulk_insert_docs(list(range(len(texts))), list(texts))
    return joined(len(texts), ((i, j) for i, found in enumerate(index.par_bulk_query(list(texts))) for j in found))


def fastsketchlsh(texts: Sequence[str], threshold: float) -> Groups:
    """FastSketchLSH: its batch sketch of token lists, its LSH (bands must divide the slots: 32 of 4)."""
    from FastSketchLSH import LSH, FastSimilaritySketch

    sets = [shingles(text) for text in texts]
    sketches = FastSimilaritySketch(size=SLOTS, seed=42).batch([list(one) for one in sets], num_threads=1)
    index = LSH(num_perm=SLOTS, num_bands=SLOTS // 4, num_threads=1)
    index.insert(sketches)
    return groups(len(texts), enumerate(index.query(sketches)), sets, threshold)


def text_dedup(texts: Sequence[str], threshold: float) -> Groups:
    """text-dedup on folded text: candidates from its band hashes, checked here."""
    near: list[set[int]] = [set() for _ in texts]
    for one in text_dedup_buckets([" ".join(fold(text)) for text in texts]):
        for i in one:
            near[i].update(one)
    return groups(len(texts), enumerate(near), [shingles(text) for text in texts], threshold)


def text_dedup_raw(texts: Sequence[str], threshold: float) -> Groups:
    """text-dedup: its own words, groups as its command makes them: whoever shares a bucket, unverified."""
    return joined(len(texts), ((i, one[0]) for one in text_dedup_buckets(texts) for i in one[1:]))


def text_dedup_buckets(texts: Sequence[str]) -> list[list[int]]:
    """text-dedup 0.4: texts that share a band hash, by its `embed_func` with 32 bits and xxh3, its fastest.

    Its command reads datasets and writes datasets; this is what it does between. Its requirements bring pyspark and
    unisim, which this needs none of: ``pip install --no-deps text-dedup==0.4.0``, then ``pip install datasets
    click-option-group xxhash ftfy regex psutil tqdm``.
    """
    from text_dedup.minhash import SIGNATURE_COLUMN, embed_func
    from text_dedup.utils import xxh3_32hash

    rng, prime = np.random.RandomState(42), np.uint32((1 << 32) - 5)
    draws = [rng.randint(low, prime, size=SLOTS, dtype=np.uint32) for low in (1, 0)]
    how = {"num_perm": SLOTS, "ngram_size": 3, "min_length": 0, "hash_func": xxh3_32hash, "dtype": np.uint32}
    how |= {"permutations": draws, "max_hash": np.uint32((1 << 32) - 1), "modulo_prime": prime}
    bands, buckets = [(i * ROWS, (i + 1) * ROWS) for i in range(BANDS)], {}
    for i, text in enumerate(texts):
        for band in enumerate(embed_func(text, i, hashranges=bands, **how)[SIGNATURE_COLUMN]):
            buckets.setdefault(band, []).append(i)
    return [one for one in buckets.values() if len(one) > 1]


def scikit_learn(texts: Sequence[str], threshold: float) -> Groups:
    """scikit-learn: exact cosine of 0/1 vectors of shingles, all with all.

    A pair's cosine is at least its Dice coefficient, 2 J / (1 + J), so no pair at the threshold is lost.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.metrics.pairwise import cosine_similarity

    sets = [shingles(text) for text in texts]
    vectors = CountVectorizer(analyzer=list, binary=True, dtype=np.float32).fit_transform(sets)
    cosines = cosine_similarity(vectors, dense_output=False).tocsr()
    near = cosines.data >= 2 * threshold / (1 + threshold) - 1e-6
    ends = np.cumsum(np.concatenate(([0], near)))[cosines.indptr]
    found = np.split(cosines.indices[near], ends[1:-1])
    return groups(len(texts), ((i, row.tolist()) for i, row in enumerate(found)), sets, threshold)


PEERS: dict[str, Peer] = {
    "datasketch": Peer("datasketch", datasketch),
    "rensa": Peer("rensa", rensa),
    "FastSketchLSH": Peer("fastsketchlsh", fastsketchlsh),
    "gaoya": Peer("gaoya", gaoya, verifies=False),
    "gaoya, raw": Peer("gaoya", gaoya_raw, verifies=False),
    "text-dedup": Peer("text-dedup", text_dedup),
    "text-dedup, raw": Peer("text-dedup", text_dedup_raw, verifies=False),
    "scikit-learn, exact cosine": Peer("scikit-learn", scikit_learn, most=1000),
}
