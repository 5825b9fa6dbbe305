"""The fingerprint of everything beside the settings that changes a result: constants, word lists and data files.

An index or a checkpoint keeps it; what is made by another one cannot be carried on. `CHANGING` declares every constant
of the modules that turn articles into groups, `UNCHANGING` the others of these modules with the reason; a test walks
the modules and fails when one stands in neither. Reading (`clusterer.io`) is not covered: an article is kept as it was read.
Tables that Python's version of Unicode decides are not covered either, only the lists of letters they are made from.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from importlib import import_module
from importlib.resources import files
from typing import Any

import numpy as np

_REVISION = 17  # raise when code, and no constant, makes other words, keys, scores or groups

CHANGING: Mapping[str, tuple[str, ...]] = {
    "clusterer.arrays.hashing": ("MULTIPLIER_1", "MULTIPLIER_2", "GAMMA", "SHIFT_30", "SHIFT_27", "SHIFT_31"),
    "clusterer.arrays.letters": (
        "SPACE",
        "NEWLINE",
        "STOP",
        "BOUNDARY",
        "DELETE",
        "UNFOLD",
        "COMMA",
        "JOINER",
        "STEM_LETTERS",
        "LONGEST_STEM",
        "NAME_LETTERS",
        "ALEF",
        "LAM",
        "CLITICS",
        "WHOLE",
        "_WAW",
        "_ZEROS",
    ),
    "clusterer.arrays.kernels_numpy.facts": (
        "EDITS",
        "SLOT",
        "PIECES",
        "CLITIC_CLASSES",
        "FORM_CLASSES",
        "ARTICLE",
        "PLACE",
        "NEARLY",
        "DENIED",
        "LETTERS",
        "ELSEWHERE",
        "_SUBJECTS",
    ),
    "clusterer.arrays.kernels_numpy.sketches": ("ROUNDS", "VALUE_BITS"),
    "clusterer.arrays.kernels_numpy.pairs": ("_BLOCK_BITS",),
    "clusterer.text.normalize": (
        "PROFILES",
        "_NEWLINES",
        "_DIACRITICS",
        "_COMPOSING",
        "_LONE_DIACRITICS",
        "_AYAH_END",
        "_LOOKALIKES",
        "_NEWS_FOLDS",
        "_CONSONANTS",
        "_BLANKS",
        "_IGNORABLE",
        "_HIDDEN",
        "_LATER_DIACRITICS",
        "_LONG_WORD",
        "_SHORT_WORD",
        "_WORD",
        "_STOPS",
        "_COMMAS",
        "_WORD_SIGNS",
        "_FRACTION",
        "_SIGNS",
        "_IN_PLACE",
        "_OPERATOR",
    ),
    "clusterer.text.stemming": ("PREFIXES", "SUFFIXES", "VOWELS", "CLASSES", "WEEKDAYS", "NO_STEM"),
    "clusterer.text.numbers": ("_GROUP", "_PIECES", "_CLITICS", "_SCALES", "_ZEROS"),
    "clusterer.text.date_words": ("_MONTHS", "_BESIDE", "_YEARS", "_REACH"),
    "clusterer.text.rubrics": ("TELLING",),
    "clusterer.text.boilerplate": (
        "MIN_SUPPORT",
        "MIN_SUPPORT_UNKNOWN",
        "QUOTATION",
        "FEWEST",
        "OWN_SHARE",
        "RUNS",
        "BESIDE",
        "HEAD_WORDS",
        "NOTICE_WORDS",
        "TITLE_SHARE",
        "_SALTS",
        "_TITLE_KEYS",
    ),
    "clusterer.text.boilerplate_tails": (
        "STUB_WORDS",
        "TITLE_WORDS",
        "TITLES",
        "TAIL_WORDS",
        "NOTICE_WORDS",
        "SIGN_SHARE",
        "SIGN_SHARE_IN_LINE",
        "ECHO",
    ),
    "clusterer.text.boilerplate_phrases": (
        "AGENCIES",
        "_DATELINE",
        "_SLIDER_ONLY",
        "_SAYS",
        "_HEAD_LETTERS",
        "_HINTS",
        "_LINK",
        "_LINK_HINTS",
        "TAILS",
        "SIGNS",
        "SMALL_WORDS",
        "STUBS",
        "PLACEHOLDERS",
    ),
    "clusterer.lsh.bands": ("MOST", "AVERAGE", "SMALL", "LOOKS", "_ROUND"),
    "clusterer.lsh.buckets": ("HUBS", "NEIGHBOURS"),
    "clusterer.lsh.datasketch": ("_MERSENNE",),
    "clusterer.lsh.samples": ("SLACK",),
    "clusterer.lsh.weighted_minhash": ("CELLS", "WAITED"),
    "clusterer.copies.fact_words": (
        "CLITICS",
        "NUMBERS",
        "WEEKDAYS",
        "MONTHS",
        "TIMES",
        "PARTS",
        "TOLL",
        "MARKERS",
        "NEGATIONS",
        "LONE_NEGATIONS",
        "HALF_NEGATIONS",
        "COUNTRIES",
        "PEOPLES",
        "CITIES",
        "GIVEN_NAMES",
        "FAMILIES",
        "CLUBS",
        "SERVANTS",
        "ORDINARY",
        "OPPOSITES",
    ),
    "clusterer.copies.facts": ("_COMMON_RANK", "_DATELINE", "_LEAD", "_NAME_LETTERS", "_PLACES", "_TOLL_FACTS"),
    "clusterer.copies.grouping": ("DENSE", "SHARE", "FORMULA", "_EQUALLY"),
    "clusterer.copies.series": (
        "_SAME_DAY",
        "_UPDATED",
        "_LEAD",
        "_RETOLD",
        "_CUT",
        "_TYPO",
        "_EDITED",
        "_SLOTS",
        "_UNLISTED",
        "_DAYS",
        "_VERSION",
        "_WHOLE",
        "_OUTLETS",
        "_NOTICES",
        "_REACH",
    ),
    "clusterer.copies.verify": ("OPENING", "LATE", "NEAR", "AGAINST"),
    "clusterer.copies.short_texts": ("SHORT_WORDS", "MISSING", "FEWEST"),
    "clusterer.stories.calendar": ("MONTHS", "NUMBERS"),
    "clusterer.stories.candidates": (
        "STORY_ROWS",
        "_NEAR",
        "_FAR",
        "_NEAR_DAYS",
        "_DAYS",
        "STORY_LEAD",
        "STORY_TRACE",
        "_STORY_CAP",
    ),
    "clusterer.stories.features": (
        "ENOUGH",
        "DAY",
        "FAR",
        "BRIEF",
        "FIGURES",
        "OTHER_FIGURES",
        "AGAIN",
        "OTHER_DAY",
        "FRAME",
        "LEAD_SHARED",
        "SHARED",
        "TABLE",
    ),
    "clusterer.stories.follow_ups": ("AFFAIR", "LATER", "OF_THE_DAY"),
    "clusterer.stories.linkage": ("POWER",),
    "clusterer.stories.name_variants": ("NAMES",),
    "clusterer.stories.term_weights": (
        "LEAD_WORDS",
        "LEAD_END",
        "BODY_WORDS",
        "LEAD_POWER",
        "BODY_POWER",
        "TITLE_POWER",
        "RUN",
        "LEAD",
        "OPENING",
        "UNSEEN",
        "SMOOTH",
        "DATE_RARITY",
        "FEED_SHARE",
        "SPREADS",
        "BESIDE",
        "QUESTIONS",
        "TABLE_NUMBERS",
        "TABLE_SHARE",
        "_LEAD_MOST",
    ),
    "clusterer.assignments": ("AGENCIES",),
}
"""Constants that change a result: names by module. Values are hashed in this order, names are not."""

UNCHANGING: Mapping[str, Mapping[str, str]] = {
    "clusterer.arrays.kernels": {
        "Name": "a type",
        "REVISION": "both modules of kernels give the same bits",
        "NAMES": "names of functions",
        "modules": "both modules of kernels give the same bits",
        "active": "both modules of kernels give the same bits",
    },
    "clusterer.arrays.kernels_numpy.facts": dict.fromkeys(
        (
            "UNKNOWN",
            "COMMON",
            "NAME",
            "NEUTRAL",
            "NUMBER",
            "DATE",
            "USUAL",
            "OPPOSITE",
            "MARKER",
            "NEGATION",
            "LONE",
            "HALF",
            "NAME_BITS",
            "MONTHS",
        ),
        "a name of a kind or a part of a value",
    ),
    "clusterer.arrays.kernels_numpy.bitmaps": dict.fromkeys(
        ("BITMAP_SHIFT", "CROWDED", "_CODES"), "bitmaps rule out only what verifying would"
    ),
    "clusterer.arrays.kernels_numpy.pairs": {"_PAIRS": "size of a block"},
    "clusterer.arrays.kernels_numpy.sketches": {
        "_EMPTY32": "all bits of a slot",
        "_ALL64": "all bits of a slot",
        "_RUNS": "size of a block",
        "_CELLS": "size of a block",
    },
    "clusterer.arrays.json_cells": {"SCANNED": "cells that are looked through at once"},
    "clusterer.arrays.kernels_numpy.json_cells": {
        **dict.fromkeys(("KEYS", "DEEP", "DIGITS"), "a line with more is judged by itself, and read the same"),
        **dict.fromkeys(("UNUSUAL", "UNKNOWN", "NO_CELL", "NULL", "TEXT", "OTHER"), "names of kinds"),
        **dict.fromkeys(("_BLANKS", "_STRING", "_OTHER", "_HALF", "_Cell"), "what JSON is"),
    },
    "clusterer.arrays.letters": {
        "DIGIT": "a bit",
        "ARABIC": "a bit",
        "UNSURE": "a value that no number has",
        "_SIGNATURE": "a mask",
        "_LETTERS": "letters in 64 bits",
        "_KEEP": "masks of whole letters",
    },
    "clusterer.arrays.ragged": {
        "_BLOCK": "size of a block",
        "_BLOCK_BYTES": "size of a block",
        "_TAKEN": "size of a block",
        "_SMALL_BYTES": "size of a block",
        "_UNSIGNED": "types by their width",
    },
    "clusterer.arrays.partitions": {"_BLOCK": "size of a block", "_FIRST": "size of a block"},
    "clusterer.arrays.spill": {
        **dict.fromkeys(("SMALL", "_LEAST_PART", "_PART", "_MOST_PARTS", "_RESIDENT", "_LOOKS"), "where arrays live"),
        "_FULL": "numbers of errors",
        "IN_MEMORY": "where arrays live",
        "_RELIEF": "where arrays live",
    },
    "clusterer.arrays.texts": {"_TEXTS": "size of a block", "_HALVES": "what an encoding is called"},
    "clusterer.arrays.utf8": {
        "_NEAR": "size of a table",
        "HEAD": "which texts get a closer look",
        "_CLASSES": "which texts get a closer look",
        **dict.fromkeys(("NUL", "MARKUP", "LATIN_M", "LATIN_S", "LATIN_W", "LATIN_T", "SLASH", "PAUSE"), "a bit"),
    },
    "clusterer.text.boilerplate_phrases": {
        "_WORD": "stands in _DATELINE",
        "_DASH": "stands in _DATELINE",
        "_SLIDER": "stands in _DATELINE",
    },
    "clusterer.text.boilerplate": {
        **dict.fromkeys(("LINE", "FIRST", "HEAD", "TAIL", "WHOLE"), "a number of a kind"),
        "_LEAST": "made of the others",
        "_BLOCK": "size of a block",
        "_SEGMENTS": "how many parts there are",
    },
    "clusterer.text.boilerplate_lines": {"_LOOKED_UP": "size of a block"},
    "clusterer.text.normalize": {
        "_FEW": "which of two equal ways is taken",
        "_PIECE": "size of a block",
    },
    "clusterer.text.numbers": {"_ASKED": "size of a block"},
    "clusterer.text.shingles": {"_ROWS": "size of a block"},
    "clusterer.text.words": {
        **dict.fromkeys(("_BLOCK", "_ARTICLES"), "size of a block"),
        "_LIGATURES": "which of two equal ways is taken",
    },
    "clusterer.text.stemming": {
        "STEM_LETTERS": "that of letters",
        "AFFIXES": "made of PREFIXES and SUFFIXES",
        "STEMMER": "made of the others",
    },
    "clusterer.lsh.bands": {"_MOVED": "size of a block", "_COUNTED": "size of a block"},
    "clusterer.lsh.bitmaps": dict.fromkeys(("_SHINGLES", "MANY"), "bitmaps rule out only what verifying would"),
    "clusterer.lsh.datasketch": {"Scheme": "a type", "SCHEMES": "names", "_CELLS": "size of a block"},
    "clusterer.lsh.weighted_minhash": {"_WAITING": "made of CELLS; its last bits are the machine's"},
    "clusterer.corpus": {"_DAY": "seconds of a day"},
    "clusterer.copies.candidates": {"_BANDS": "bands in a file"},
    "clusterer.copies.facts": {
        "_BUCKET_BITS": "size of a table of first places",
        "_CLASSES": "names of parts of a value",
        "_PERSON": "a place in _CLASSES",
        "_OTHERS": "a place among the columns",
        "_MARK_BITS": "size of a table of what may be looked up",
        "_SERVANT": "a number that nothing else has",
        "_LISTED": "a number that nothing else has",
    },
    "clusterer.copies.series": {
        "_DAY": "seconds of a day",
        **dict.fromkeys(("OTHERS", "FILLED", "NEXT", "RECOUNTED", "RECURS", "NOTICES"), "a place in WHY"),
        "WHY": "names",
    },
    "clusterer.copies.verify": {
        **dict.fromkeys(("NEITHER", "COPY", "CONTAINED", "QUOTED", "SERIES", "FAR"), "a name of a kind"),
        "KINDS": "names",
        "_VERIFY_BLOCK": "size of a block",
    },
    "clusterer.arrays.interning": {"_BLOCK": "size of a block"},
    "clusterer.arrays.parallel": {"_QUOTA": "a path", "_AHEAD": "items that are made before they are asked for"},
    "clusterer.stories.texts": {"_BLOCK": "size of a block"},
    "clusterer.stories.features": {"FEATURES": "names in TABLE", "_SUMS": "number of columns"},
    "clusterer.stories.term_weights": {
        "IN_TITLE": "a bit",
        "IN_OPENING": "a bit",
        "IN_LEAD": "a bit",
        "_NEAR": "made of LEAD_WORDS and LEAD_END; its last bits are the machine's",
        "_ROWS": "size of a block",
    },
    "clusterer.articles": {
        "_NUMBERED": "what numbered_id writes",
        "_HEADING": "letters that a list shows",
        "_NO_TEXT": "a default that is refused",
        "_SETTERS": "how attributes are set",
        "_DAY": "a unit",
    },
    "clusterer.assignments": {
        "_EXACT": "a place in RELATIONS",
        "_COPY": "a place in RELATIONS",
        "_CONTAINED": "a place in RELATIONS",
        "_STORY": "a place in RELATIONS",
    },
    "clusterer.pipeline": {"_LOG": "a logger"},
}
"""Constants of the same modules that change none, and why."""

DATA_FILES: tuple[tuple[str, str], ...] = (
    ("clusterer.copies", "common_words.npy"),
    ("clusterer.copies", "name_words.txt"),
    ("clusterer.stories", "background.npz"),
    ("clusterer.stories", "event_model.json"),
)
"""Files of the package that change a result: package and name."""


@lru_cache(maxsize=1)
def recipe() -> str:
    """Return 16 hex digits over what words, keys, scores and groups are made by, beside the settings."""
    digest = hashlib.blake2b(f"revision {_REVISION}\n".encode(), digest_size=8)
    for module, names in CHANGING.items():
        for name in names:
            digest.update(_as_text(getattr(import_module(module), name)).encode() + b"\n")
    for package, name in DATA_FILES:
        digest.update(hashlib.blake2b(files(package).joinpath(name).read_bytes()).digest())
    return digest.hexdigest()


def _as_text(value: Any) -> str:
    """Return a value as text that is the same in every run, on every machine, and for equal values only.

    Raises:
        TypeError: there is no such text for this kind of value.
    """
    if isinstance(value, np.ndarray):
        return f"{value.dtype.str}{value.tolist()!r}"
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, re.Pattern):
        return f"{value.pattern!r}{value.flags}"
    if isinstance(value, frozenset | set):
        return f"{{{','.join(sorted(map(_as_text, value)))}}}"
    if isinstance(value, dict):
        return f"{{{','.join(sorted(f'{_as_text(k)}:{_as_text(v)}' for k, v in value.items()))}}}"
    if isinstance(value, tuple | list):
        return f"({','.join(map(_as_text, value))})"
    if is_dataclass(value):  # by what makes two of them equal: not words for people, and not code
        return _as_text(tuple(getattr(value, field.name) for field in fields(value) if field.compare))
    if isinstance(value, str | int | float | bool | None):
        return repr(value)
    raise TypeError(f"{value!r} of type {type(value).__name__} has no text that is the same everywhere")
