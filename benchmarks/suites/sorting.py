"""The compiled radix sort beside NumPy's, on the arrays of a feed: ``python -m benchmarks.suites.sorting FEED``.

Medians of runs in turn. Prints whether NumPy sees AVX2 and AVX-512, which its own sort uses where it was built for them.
"""

from __future__ import annotations

import statistics
import time

import click
import numpy as np
from numpy.typing import NDArray

from clusterer import Settings
from clusterer.arrays import kernels
from clusterer.copies.candidates import shingle
from clusterer.copies.documents import find_documents
from clusterer.corpus import read
from clusterer.io.feed import Feed
from clusterer.lsh import buckets
from clusterer.lsh.samples import sampled_keys

ROUNDS = 9


@click.command(help=__doc__.partition("\n")[0])
@click.argument("feed")
def main(feed: str) -> None:
    """Print milliseconds a sort."""
    settings = Settings(level="copy")
    documents = find_documents(read((row.article for row in Feed([feed])), settings), settings)
    shingles, d = shingle(documents.words, settings), len(documents)
    keys, rows = sampled_keys(shingles, settings.sample)
    entries = np.sort(buckets.entries(keys, rows, d))
    codes, _ = buckets.bucket_codes(entries, d, settings.bucket_cap)
    inputs = {
        "sampled shingles": np.random.default_rng(1).permutation(entries),
        "codes of pairs": codes.view(np.uint64),
        "random numbers": np.random.default_rng(1).integers(0, 2**64, 1_000_000, dtype=np.uint64),
    }
    features = np._core._multiarray_umath.__cpu_features__
    print(f"NumPy {np.__version__}, AVX2 {features.get('AVX2')}, AVX-512 {features.get('AVX512_SKX')}")
    for name, values in inputs.items():
        times: dict[str, list[float]] = {"radix": [], "NumPy": []}
        for _ in range(ROUNDS):
            results = []
            for method, taken in times.items():
                copy: NDArray[np.uint64] = values.copy()
                start = time.perf_counter()
                if method == "radix":
                    kernels.modules["compiled"].sort_in_place(copy, 0)
                else:
                    copy.sort()
                taken.append(time.perf_counter() - start)
                results.append(copy)
            if not np.array_equal(*results):
                raise SystemExit(f"{name}: the two sorts differ")
        medians = ", ".join(f"{method} {statistics.median(taken) * 1e3:.1f} ms" for method, taken in times.items())
        print(f"{name}, {len(values):,}: {medians}")


if __name__ == "__main__":
    main()
