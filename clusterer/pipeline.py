"""The pipeline: articles in, a `Clustering` out, every stage called once and in order.

No printing, no paths, no numeric loops: stages do the work, this one carries arrays between them.

Array letters: `n` articles, `d` documents, `m` pairs, `t` copy groups.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.parallel import run_both
from clusterer.assignments import assign, counts
from clusterer.clocks import constant_offsets
from clusterer.copies import grouping
from clusterer.copies.candidates import CandidatePairs, generate_candidates
from clusterer.copies.documents import Documents, find_documents
from clusterer.copies.verify import Links, least_shared, prepare, verify
from clusterer.corpus import Corpus, read
from clusterer.deprecated import moved_names
from clusterer.io.inputs import Articles, articles_from, blocks_from
from clusterer.io.wording import tell_notes
from clusterer.lsh import bands
from clusterer.progress import Progress, begin, progress_from, silent
from clusterer.results import Clustering
from clusterer.settings import GivenSettings, Settings, settings_from
from clusterer.stories.clustering import Stories, cluster_stories
from clusterer.stories.model import model_of
from clusterer.stories.texts import StoryTexts, story_texts
from clusterer.versions import Versions

_LOG = logging.getLogger("clusterer")


def cluster(
    articles: Articles,
    settings: GivenSettings | None = None,
    *,
    fields: Mapping[str, str] | None = None,
    progress: Progress | bool | None = None,
    unique_url: bool = False,
    **choices: Any,
) -> Clustering:
    """Group articles: exact copies within copies within stories.

    Args:
        articles: `Article`s, mappings with the usual field names, or plain texts; read once, in any order. Or a data
            frame of pandas, Polars or pyarrow, of which a row is an article, or a column of texts; a missing text is "".
            Or files: a path, several, or an open file.
        settings: thresholds and choices, `Settings`, a dict, the name of a preset such as "corpus", or the path of a TOML file
            that ends in .toml, such as `tune` writes; defaults where None.
        fields: article attribute to column name, where the usual names do not fit.
        progress: told how far the work is; True for a line on standard error at each stage.
        unique_url: articles of one URL (`clusterer.versions`) are versions of one article: the latest is grouped, earlier ones
            are put beside it, relation "version". All articles are held.
        **choices: settings by name, such as ``level="copy"``; they win.

    Returns:
        One assignment an article, in the order given. Below the story level, `story` equals `copy`.

    Raises:
        InputError: an item is none of these, or a frame has no text column; names the place and what is wrong.
        SettingsError: a name is no setting, a value is out of range, or settings contradict each other.
    """
    chosen = settings_from(settings, choices)
    if not unique_url:
        run = run_pipeline(articles, chosen, progress, fields=fields)
        tell_notes(notes_of(run, chosen))
        return run.clustering
    found = list(articles_from(articles, fields))
    versions = Versions.of(found)
    run = run_pipeline(versions.grouped(found), chosen, progress)
    tell_notes(notes_of(run, chosen, versions))
    return versions.complete(run.clustering)


def notes_of(run: PipelineRun, settings: Settings, versions: Versions | None = None) -> list[str]:
    """What is to be known of a run that nobody would look for, each with its cure. Arguments as for `unheeded`."""
    return [*unheeded(run.corpus, settings, versions=versions), *left_out(run.stats, run.stories), *clocks_apart(run)]


def clocks_apart(run: PipelineRun) -> list[str]:
    """Which outlets' copies are always as far apart as two zones are (`clocks`)."""
    corpus, document = run.corpus, run.documents.of_article
    groups = np.where(document < 0, -1, run.copies[document]) if len(run.copies) else document
    return constant_offsets(corpus.outlets, corpus.dates, groups)


def unheeded(corpus: Corpus, settings: Settings, keep: str = "", versions: Versions | None = None) -> list[str]:
    """What was asked for and could not be heeded, for no article tells what it needs; each with its cure.

    Args:
        corpus: what was read.
        settings: of the run.
        keep: the order in which articles stay, where some go.
        versions: where articles of one URL are versions of one.
    """
    notes = []
    if versions is not None and versions.dates and not versions.has_urls:
        notes.append("no article has a URL, so none is a version of another; cure: --url-field NAME")
    if 2 * corpus.renamed > len(corpus.ids):
        notes.append(
            f"{corpus.renamed:,} of {len(corpus.ids):,} articles have an id that another one has, and get #2, #3, … behind it; "
            "cure: --id-field with a field that differs in every row"
        )
    if len(corpus.dates) and not np.isfinite(corpus.dates).any():
        wanted = [f"a window of {settings.window:g} days"] if settings.window else []
        wanted += ["the earliest"] if keep == "earliest" else []
        if wanted:
            notes.append(f"no article has a date, so {' and '.join(wanted)} cannot be told; cure: --date-field NAME")
    return notes


def left_out(stats: Mapping[str, int], stories: Stories | None) -> list[str]:
    """What a run did not compare, for too many texts of the feed look alike; with the cure.

    Args:
        stats: counts of the run by name.
        stories: of the run; None below the story level.
    """
    if stories is None:
        return []
    texts, pairs = stats["copy groups"], stories.candidates
    if pairs <= bands.pairs_at_most(texts) - texts:  # one more pair a text would have been too many
        if not stories.full:
            return []
        return [
            f"{stories.full:,} texts look like more than {bands.MOST} before them, and were compared with those most like them, "
            "so a story as large may lie in parts; cure: look among the stories of a day for parts with like titles"
        ]
    return [
        f"too many texts look alike: each was compared with about {pairs / texts:.0f} of those before it that are most like it, "
        "so a large story may lie in parts; cure: group parts of the feed, such as its days, on their own"
    ]


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """A run: its result, and what its stages handed on.

    Attributes:
        stats: counts of the run by name.
        name: gives the result, made when it is first asked for: who removes copies needs no names of groups.
        corpus, documents: with their words where these were kept.
        proposed, links: of the copy level.
        copies: int64 (d,), the first document of each document's copy group.
        texts, stories: of the story level; None below it. Texts only where they were kept.
    """

    stats: Mapping[str, int]
    name: Callable[[], Clustering]
    corpus: Corpus
    documents: Documents
    proposed: CandidatePairs
    links: Links
    copies: NDArray[np.int64]
    texts: StoryTexts | None
    stories: Stories | None

    @property
    def clustering(self) -> Clustering:
        """The result."""
        return self.name()


def run_pipeline(
    articles: Articles,
    settings: Settings,
    progress: Progress | bool | None = None,
    keep: bool = False,
    fields: Mapping[str, str] | None = None,
) -> PipelineRun:
    """As `cluster`, with all that was found on the way. `keep` holds words and texts, most of what a run needs, to its end."""
    tell = progress_from(progress)
    refuse_foreign_weights(settings)
    blocks = blocks_from(articles, fields, settings.chunk, settings.threads)
    return group_corpus(read(blocks, settings, tell), settings, tell, keep)


def refuse_foreign_weights(settings: Settings) -> None:
    """Refuse weights of another release; called before anything is read.

    Raises:
        SettingsError: their features are not those of this release.
    """
    if settings.level == "story":
        model_of(settings)


def group_corpus(
    corpus: Corpus, settings: Settings, progress: Progress | None = None, keep: bool = False
) -> PipelineRun:
    """As `run_pipeline`, of articles that are read."""
    tell = progress or silent
    begin(tell, "finding identical texts", len(corpus.ids))
    documents = find_documents(corpus, settings)
    nothing = CandidatePairs(np.zeros((0, 2), dtype=np.int64), 0)
    if settings.level != "exact":
        begin(tell, "sketching", min(documents.compared, len(documents)))
    proposed = nothing
    if settings.level != "exact":
        proposed, _ = run_both(
            lambda: generate_candidates(documents, settings, tell, corpus.store, least_shared(settings)),
            lambda: prepare(settings) if settings.threads != 1 else None,
            settings.threads,
        )
    begin(tell, "verifying", len(proposed.pairs))
    links = verify(documents, proposed.pairs, settings, tell)
    begin(tell, "grouping", len(documents))
    copies = grouping.group_documents(
        links.likeness, len(documents), settings.jaccard, settings.containment, settings.bucket_cap
    )
    texts = story_texts(corpus, documents, copies, settings.threads) if settings.level == "story" else None
    if not keep:
        corpus, documents = corpus.without_words(), documents.without_words()
    stories = None
    if texts is not None:
        stories = cluster_stories(texts, settings, tell, links.pairs[links.forms], corpus.store)
    found = (corpus, documents, proposed, links, copies, stories, settings)

    @cache
    def name() -> Clustering:
        begin(tell, "naming", len(corpus.ids))
        return assign(*found)

    stats = counts(*found)
    _LOG.info("grouped: %s", ", ".join(f"{count:,} {name}" for name, count in stats.items()))
    return PipelineRun(stats, name, corpus, documents, proposed, links, copies, texts if keep else None, stories)


if not TYPE_CHECKING:
    __getattr__ = moved_names(__name__)
