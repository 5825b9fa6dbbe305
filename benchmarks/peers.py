"""Other deduplicators on our job: texts in, verified groups of copies out. Each is used as its makers show it.

Every adapter gets the same texts, 3-word shingles, threshold and number of slots, folds letters with the fastest way
plain Python has (`fold`), and checks its candidates on the exact shingle sets where it does not do so itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from scipy.cluster.hierarchy import DisjointSet

SLOTS, BANDS, ROWS = 128, 25, 5
_WORDS = re.compile(r"\w+")
_FOLDS = {ord(a): b for a, b in zip("أإآٱىیکةؤئ", "اااايىكهوي", strict=True)} | {0x640: None, 0x670: None}
_FOLDS |= dict.fromkeys([*range(0x64B, 0x660), *range(0x6D6, 0x6EE), *range(0x200B, 0x2010)])

Groups = list[int]


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
    joined = DisjointSet(range(count))
    for i, found in candidates:
        for j in found:
            if j < i and len(sets[i] & sets[j]) >= threshold * len(sets[i] | sets[j]):
                joined.merge(i, j)
    return [joined[i] for i in range(count)]


def datasketch(texts: Sequence[str], threshold: float) -> Groups:
    """datasketch 2: `MinHash.bulk` and `MinHashLSH`."""
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
    """gaoya: its own tokeniser in Rust on folded text; decides by estimates, not by the exact sets."""
    from gaoya.minhash import MinHashStringIndex

    index = MinHashStringIndex(32, threshold, BANDS, ROWS, None, "word", False, (3, 3))
    folded = [" ".join(fold(text)) for text in texts]
    index.par_bulk_insert_docs(list(range(len(texts))), folded)
    joined = DisjointSet(range(len(texts)))
    for i, found in enumerate(index.par_bulk_query(folded)):
        for j in found:
            joined.merge(i, j)
    return [joined[i] for i in range(len(texts))]


PEERS: dict[str, Callable[[Sequence[str], float], Groups]] = {"datasketch": datasketch, "rensa": rensa, "gaoya": gaoya}
