"""Other tools that clean corpora, each from a file to the articles that stay: ``PYTHON -m benchmarks.peers.corpus NAME IN OUT``.

Run by the interpreter of an environment that holds the tool, so nothing but the standard library is imported before it is
asked for. IN is JSON lines with `id` and `text`; OUT is JSON: `kept`, the ids that stay, and `peak`, the most
bytes that this process or one that it started held. Each tool is used as its makers show
it, with its own letters and words: shingles of three words, Jaccard 0.8 and one worker wherever it knows these. What it
costs is measured from outside, by `benchmarks.suites.deduplicators`.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

SHINGLE, THRESHOLD, SLOTS = 3, 0.8, 128


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool.

    Attributes:
        install: what pip is given, one call a tuple.
        run: from the file and a folder for what it writes to the ids that stay; None where it cannot be run here.
        how: what is special of how it is run, or why it cannot be.
    """

    install: tuple[tuple[str, ...], ...]
    run: Callable[[Path, Path], Iterable[str]] | None
    how: str = ""


def ours(source: Path, folder: Path) -> Iterable[str]:
    """Run `clusterer dedup --preset corpus`."""
    out = folder / "kept.jsonl"
    _run("clusterer", "dedup", source, "-o", out, "--preset", "corpus", "--threads", "1", "--quiet")
    return _ids(out)


def ours_by_jaccard(source: Path, folder: Path) -> Iterable[str]:
    """Run `clusterer cluster --preset corpus`: the earliest of every group stays, as peers do it."""
    out = folder / "groups.jsonl"
    _run("clusterer", "cluster", source, "-o", out, "--preset", "corpus", "--threads", "1", "--quiet")
    return [row["id"] for row in _rows(out) if row["copy"] == row["id"]]


def text_dedup(source: Path, folder: Path) -> Iterable[str]:
    """Run text-dedup's command; whoever shares a bucket is one cluster, unverified, and its first stays."""
    out = folder / "kept"
    options = {
        "path": "json", "data_files": source, "split": "train", "cache_dir": folder / "cache", "output": out, "column": "text",
        "ngram": SHINGLE, "num_perm": SLOTS, "threshold": THRESHOLD, "num_proc": 1, "hash_func": "xxh3", "hash_bits": 32,
    }  # fmt: skip
    _run("text_dedup.minhash", *(word for name, value in options.items() for word in (f"--{name}", value)))
    from datasets import load_from_disk

    return list(load_from_disk(str(out))["id"])


def datatrove(source: Path, folder: Path) -> Iterable[str]:
    """Run datatrove's four stages of MinHash, 14 buckets of 8 unless told otherwise; clusters are unverified."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter
    from datatrove.utils.typeshelper import Languages

    config = MinhashConfig(n_grams=SHINGLE)
    read = JsonlReader(str(source.parent), glob_pattern=source.name)
    signatures, buckets, removed, kept = (str(folder / name) for name in ("signatures", "buckets", "removed", "kept"))
    sketch = MinhashDedupSignature(signatures, config, language=Languages.arabic)
    stages = [
        ([read, sketch], 1),
        ([MinhashDedupBuckets(signatures, buckets, config=config)], config.num_buckets),
        ([MinhashDedupCluster(buckets, removed, config=config)], 1),
        ([read, MinhashDedupFilter(removed), JsonlWriter(kept, compression=None)], 1),
    ]
    for number, (pipeline, tasks) in enumerate(stages):
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=str(folder / f"log{number}")).run()
    return [name for file in sorted(Path(kept).glob("*.jsonl")) for name in _ids(file)]


def semhash(source: Path, folder: Path) -> Iterable[str]:
    """Run semhash on vectors of hashed words, as its own models are on a hub: cosine 0.9, as it comes."""
    import numpy as np
    from semhash import SemHash

    class Encoder:
        """What semhash asks of a model: an array of texts to unit vectors."""

        def encode(self, inputs: Iterable[str], **_: Any) -> Any:
            """Sums of a sign a word, at the place that its hash says."""
            vectors = np.zeros((len(list(inputs)), 512), dtype=np.float32)
            for vector, text in zip(vectors, inputs, strict=True):
                hashes = np.array([crc32(word.encode()) for word in text.split()], dtype=np.int64)
                np.add.at(vector, hashes % 512, np.where(hashes & 1024, 1, -1))
            return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    records = [{"id": row["id"], "text": row["text"]} for row in _rows(source)]
    index = SemHash.from_records(records, columns=["text"], model=Encoder())
    return [record["id"] for record in index.self_deduplicate().selected]


def dalla(source: Path, folder: Path) -> Iterable[str]:
    """Run dalla's onion; of its list of duplicates of each text all but the first go.

    The program in its wheel needs glibc 2.38. On an older system compile it from the source beside it (`onion/src_sc`, with
    sparsehash, ``make CFLAGS='-O0 -std=c++11'``: with -O3 it crashes) into the environment's bin, which is looked at first.
    """
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    from dalla_data_processing.deduplication import deduplicate_dataset
    from datasets import Dataset

    rows = [{"id": row["id"], "text": row["text"]} for row in _rows(source)]
    return list(deduplicate_dataset(Dataset.from_list(rows), return_pairs=False, work_dir=folder)["id"])


def rensa(source: Path, folder: Path) -> Iterable[str]:
    """Run rensa: its LSH proposes, its estimate decides, one after the other in input order, as its README shows."""
    from rensa import RMinHash, RMinHashLSH

    rows = list(_rows(source))
    sketches = []
    for row in rows:
        words = row["text"].split()
        sketch = RMinHash(num_perm=SLOTS, seed=42)
        sketch.update([" ".join(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1))])
        sketches.append(sketch)
    index = RMinHashLSH(threshold=THRESHOLD, num_perm=SLOTS, num_bands=16)
    kept = []
    for number, sketch in enumerate(sketches):
        if all(sketch.jaccard(sketches[other]) < THRESHOLD for other in index.query(sketch)):
            index.insert(number, sketch)
            kept.append(rows[number]["id"])
    return kept


TOOLS: dict[str, Tool] = {
    "clusterer dedup": Tool((), ours, "--preset corpus"),
    "clusterer cluster": Tool((), ours_by_jaccard, "--preset corpus, the earliest of every group stays"),
    "text-dedup": Tool(
        (
            ("--no-deps", "text-dedup==0.4.0"),
            ("datasets", "click-option-group", "xxhash", "ftfy", "regex", "psutil", "tqdm", "scipy", "rich"),
        ),
        text_dedup,
        "without pyspark and unisim",
    ),
    "datatrove": Tool(
        (("datatrove[io]", "nltk", "orjson", "regex", "spacy", "tokenizers", "xxhash<4"),), datatrove, "14 buckets of 8"
    ),
    "semhash": Tool((("semhash",),), semhash, "cosine 0.9 of hashed words; its models are on a hub"),
    "dalla (onion)": Tool(
        (
            ("--no-deps", "dalla-data-processing", "camel-tools==1.5.7"),
            ("datasets", "structlog", "click", "tqdm", "emoji"),
        ),
        dalla,
        "onion's own measure",
    ),
    "rensa": Tool((("rensa==0.5.0",),), rensa, "16 bands of 8"),
    "NeMo Curator": Tool((), None, "1.4.0 asks for cuDF, that is for a GPU of NVIDIA's"),
    "duplodocus": Tool((), None, "not on PyPI"),
}


def _run(module: str, *words: object) -> None:
    subprocess.run([sys.executable, "-m", module, *map(str, words)], check=True, capture_output=True)


def _rows(path: Path) -> Iterable[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _ids(path: Path) -> list[str]:
    return [row["id"] for row in _rows(path)]


def main(name: str, source: str, target: str) -> None:
    """Run one tool."""
    run = TOOLS[name].run
    if run is None:
        raise SystemExit(TOOLS[name].how)
    with tempfile.TemporaryDirectory() as folder:
        kept = list(run(Path(source), Path(folder)))
    Path(target).write_text(json.dumps({"kept": kept, "peak": _peak()}), "utf-8")


def _peak() -> int:
    """Bytes. Of this process not by `getrusage`, which begins with the size of who started it."""
    started = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    status = Path("/proc/self/status").read_text("utf-8").splitlines()
    return 1024 * max(started, *(int(line.split()[1]) for line in status if line.startswith("VmHWM")))


if __name__ == "__main__":
    main(*sys.argv[1:])
