"""A report's data as one HTML page that stands alone. Counts nothing: numbers come from `build`."""

from __future__ import annotations

from base64 import b64encode

import numpy as np

from clusterer.messages import Language, Message, message, table
from clusterer.report.build import pack
from clusterer.report.charts import days_told, heights, shares, sizes_told
from clusterer.report.model import Report
from clusterer.report.render import render
from clusterer.stories import features, model as stories_model
from clusterer.text.normalize import normalise, tables


def page(report: Report, language: Language | None = None) -> bytes:
    """Return a report as HTML in UTF-8 that stands alone: it fetches nothing.

    Args:
        report: its data.
        language: of the page at first; that of most articles where None.
    """
    model = stories_model.model_of(report.settings)
    weights = dict(zip(features.FEATURES, model.weights.tolist(), strict=True))
    listed = {"stories": report.stories, "outlets": report.outlets, "letters": _letters(), "unfolded": _unfolded()}
    about = {
        "weights": weights,
        "bias": model.bias,
        "undated": model.undated,
        "size": report.settings.size,
        "unit": "unit.words" if report.settings.unit == "word" else "unit.letters",
        "until": report.until,
        "threshold": report.settings.story,
        "articles": report.totals["articles"],
    }
    html = render(
        "report.html",
        language or report.language,
        ("story.js", "report.js"),
        report=report,
        listed=b64encode(pack(listed)).decode(),
        blocks=(b64encode(block).decode() for block in report.blocks),
        about=about,
        most=report.most,
        settings={
            name: value for name, value in report.settings.as_dict().items() if name != "tmp"
        },  # a folder of the sender
        widths=shares([bar.several + bar.single for bar in report.sizes], np.log1p),
        heights=heights(report.days),
        heats=shares(report.reprints.counts, np.sqrt),
        days_told=days_told(report),
        sizes_told=sizes_told(report),
        stats_told=[(_stat(name), value) for name, value in report.stats.items()],
    )
    return html.encode("utf-8", "replace")  # half a character in a name: a question mark


def _stat(name: str) -> Message | str:
    """What a count of a run is called; its own name where no message knows it."""
    return message(f"stat.{name}") if f"stat.{name}" in table() else name


def _letters() -> list[tuple[int, int, int, int]]:
    """Return the character table that the page folds queries by.

    Returns:
        Runs of code units: the first, how many, and whether they become one letter (0) or move by so many (1), and that
        letter or number. Letters that stay are left out; 1 stands for no letter at all.
    """
    table = tables("news-1")[0].astype(np.int64)
    codes = np.arange(len(table))
    codes = codes[(table != codes) & (table != 2) & ((codes < 0xD800) | (codes > 0xDFFF))]
    became = table[codes]
    constant = (became <= 0x20).astype(np.int64)
    value = np.where(constant, became, became - codes)
    new = np.flatnonzero((np.diff(codes) != 1) | (np.diff(constant) != 0) | (np.diff(value) != 0)) + 1
    starts = np.concatenate(([0], new))
    counts = np.diff(np.append(starts, len(codes)))
    columns = codes[starts], counts, 1 - constant[starts], value[starts]
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _unfolded() -> dict[str, str]:
    """Letters that are written out as several."""
    special = np.flatnonzero(tables("news-1")[0] == 2)
    letters = [chr(c) for c in special.tolist() if not 0xD800 <= c <= 0xDFFF]
    return dict(zip(letters, normalise(letters, "news-1"), strict=True))
