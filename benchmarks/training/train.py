"""Train the same-event score on several corpora, and print how it does on those it did not see.

    python -m benchmarks.training.train --corpus july FEED GOLD PAIRS --corpus panarab FEED GOLD PAIRS
        [--write clusterer/stories/event_model.json]

Each corpus brings its feed, its labelled articles and its judged pairs. Printed are, for every corpus left out (with background
counts of the others alone), and for training on all in ten folds by event: precision, recall and F1 of pairs put together;
recall of pairs of one event in other words; B-cubed of all articles and of those in events of two or more; Brier score and
reliability of the judged pairs; the share of the pairs of one event that are candidates. Then the families of `data/`, each left
out, and made notices. Without a corpus only these. Doubtful articles are left out of the groups that are judged; doubtful pairs
teach half as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
import orjson
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from benchmarks.training import corpora
from benchmarks.training.background import count
from benchmarks.training.corpora import Batch, Compared, LabelledFeed
from benchmarks.training.families import (
    leave_families_out,
    leave_notices_out,
    notice_examples,
    sample_examples,
    trained,
)
from benchmarks.training.judging import Found, calibration, proposed, report
from clusterer.evaluation.training import FOLDS, UNDATED, Examples, out_of_fold
from clusterer.stories import term_weights
from clusterer.stories.features import FEATURES
from clusterer.stories.model import Model

GOLD_WEIGHT, ALONE_WEIGHT, FORM_WEIGHT = 1.0, 0.5, 0.25
"""How much pairs of labelled articles count in their feed, alone, and all of each short form, beside judged pairs (1)."""


@click.command(help=__doc__.partition("\n")[0])
@click.option("--corpus", "chosen", multiple=True, nargs=4, metavar="NAME FEED GOLD PAIRS", help="May be repeated.")
@click.option("--write", help="Where to write the weights.")
def main(chosen: Sequence[tuple[str, str, str, str]], write: str | None) -> None:
    """Print the tables; train on everything; write."""
    loaded = [corpora.load(name, *map(Path, paths)) for name, *paths in chosen]
    shipped = term_weights.background()
    for held in loaded if len(loaded) > 1 else []:
        leave_out(held, [x for x in loaded if x is not held])
    if loaded:
        cross_validate(loaded, shipped)
    parts = [part for x in loaded for part in examples(x, shipped)]
    leave_families_out(parts, shipped, len(loaded))
    leave_notices_out(parts, shipped, len(loaded))
    model = trained(parts + sample_examples(shipped, len(loaded)), notice_examples(shipped, len(loaded)))
    weights = {name: round(float(w), 3) for name, w in zip(FEATURES, model.weights, strict=True)}
    out = {"weights": weights, "bias": round(model.bias, 3), "undated": UNDATED}
    print(out)
    if write:
        Path(write).write_bytes(orjson.dumps(out, option=orjson.OPT_INDENT_2) + b"\n")


def leave_out(held: LabelledFeed, others: Sequence[LabelledFeed]) -> tuple[dict[str, Found], float]:
    """Print and return how a corpus does when nothing of it was seen, no label and no count of its stems.

    By form and place, and the share of the pairs of one event that are candidates.
    """
    known = count(article for feed in others for article in feed.articles)
    parts = [part for x in others for part in examples(x, known)] + sample_examples(known, len(others))
    model = trained(parts, notice_examples(known, len(others)))
    found: dict[str, Found] = {}
    for where, batch in (
        *((form, batch) for form, batch in held.forms.items()),
        ("alone", held.alone),
        ("in feed", held.inside),
    ):
        compared = compare(held, batch, known)
        scores = model.score(compared.candidates[1])
        found[where] = report(f"{held.name} left out, {where}", held.rows, compared, scores)
    share = proposed(f"{held.name} left out, in feed", held.rows, compared)
    calibration(f"{held.name} left out, judged", compared.judged, model.score(compared.judged.features))
    return found, share


def compare(feed: LabelledFeed, batch: Batch, known: term_weights.Background) -> Compared:
    """`corpora.compare`, kept for the next who asks."""
    key = id(batch), id(known)
    if key not in _COMPARED:
        _COMPARED[key] = known, corpora.compare(feed.rows, batch, known)
    return _COMPARED[key][1]


_COMPARED: dict[tuple[int, int], tuple[term_weights.Background, Compared]] = {}  # holds what its keys name


def examples(feed: LabelledFeed, known: term_weights.Background) -> list[Examples]:
    """What a corpus teaches: labelled articles in their feed and alone, and judged pairs."""
    inside, alone = compare(feed, feed.inside, known), compare(feed, feed.alone, known)
    forms = [compare(feed, batch, known) for batch in feed.forms.values()]
    short = [part.times(FORM_WEIGHT) for form in forms for part in (form.gold, form.judged)]
    return [inside.gold.times(GOLD_WEIGHT), inside.judged, alone.gold.times(ALONE_WEIGHT), *short]


def cross_validate(loaded: Sequence[LabelledFeed], known: term_weights.Background) -> dict[str, dict[str, Found]]:
    """Print and return how each corpus does when all are trained on but the events that are judged, by name and place."""
    found: dict[str, dict[str, Found]] = {}
    folds = {}
    for feed in loaded:
        inside = fold_of_texts(feed)
        alone, *short = (transferred(feed, inside, batch) for batch in (feed.alone, *feed.forms.values()))
        folds[feed.name] = [inside, inside, alone, *(each for each in short for _ in range(2))]
    sample, notices = sample_examples(known, len(loaded)), notice_examples(known, len(loaded))
    taught = {x.name: examples(x, known) for x in loaded}
    models: list[Model] = []
    for fold in range(FOLDS):
        parts = list(sample)
        for name, of_texts in folds.items():
            for part, of_text in zip(taught[name], of_texts, strict=True):
                parts.append(part.where((of_text[part.pairs] != fold).all(axis=1)))
        models.append(trained(parts, notices))
    every = trained(sample + [part for parts in taught.values() for part in parts], notices)
    for feed in loaded:
        inside, _, alone, *short = folds[feed.name]
        forms = zip(feed.forms.items(), short[::2], strict=True)
        batches = [(form, batch, of_text) for (form, batch), of_text in forms]
        for where, batch, of_text in (*batches, ("alone", feed.alone, alone), ("in feed", feed.inside, inside)):
            compared = compare(feed, batch, known)
            scores = out_of_fold(*compared.candidates, of_text, models, every)
            of_feed = found.setdefault(feed.name, {})
            of_feed[where] = report(f"{feed.name} by folds, {where}", feed.rows, compared, scores)
        judged = compared.judged
        scores = out_of_fold(judged.pairs, judged.features, inside, models, every)
        calibration(f"{feed.name} by folds, judged", judged, scores)
    return found


def fold_of_texts(feed: LabelledFeed) -> NDArray[np.int64]:
    """The fold of each text in the feed, -1 for texts without a label.

    Texts of one event, and of one judged pair, are in one fold.
    """
    text_of, n = feed.inside.text_of, len(feed.inside.texts.first)
    first: dict[int, int] = {}
    links = [pair[:2] for pair in feed.inside.judged]
    for text, row in zip(text_of.tolist(), feed.rows, strict=True):
        if text >= 0:
            links.append((first.setdefault(row["event"], text), text))
    ends = np.array(links, dtype=np.int64)
    groups, group = connected_components(csr_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n, n)), False)
    inside, fold = np.full(n, -1), np.random.default_rng(0).integers(0, FOLDS, groups)
    inside[ends.ravel()] = fold[group[ends.ravel()]]
    return inside


def transferred(feed: LabelledFeed, inside: NDArray[np.int64], batch: Batch) -> NDArray[np.int64]:
    """The folds of the texts of another batch of the same labelled articles and judged pairs."""
    out = np.full(len(batch.texts.first), -1)
    for text, other in zip(batch.text_of.tolist(), feed.inside.text_of.tolist(), strict=True):
        if text >= 0 and other >= 0:
            out[text] = inside[other]
    for key, text in batch.judged_text.items():
        if text >= 0 and feed.inside.judged_text[key] >= 0:
            out[text] = inside[feed.inside.judged_text[key]]
    return out


if __name__ == "__main__":
    main()
