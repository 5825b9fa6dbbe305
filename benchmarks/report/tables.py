"""From a run's JSON to what people read: ``python -m benchmarks.report.tables RUN.json [--readme README.md]``.

Writes Markdown and one HTML page beside the JSON, or rewrites the README's table between its two markers. Measures
nothing and makes no figure that the JSON does not hold, but medians, spreads and ratios of its repeats; equal JSON gives
equal files (plots: with the same matplotlib).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import click
import numpy as np
import orjson

from benchmarks.plan import Row
from benchmarks.report.plots import drawable, drawing
from clusterer.lsh.datasketch import SCHEMES

START, END = "<!-- benchmarks: start -->", "<!-- benchmarks: end -->"

Cell = Callable[[Row], str]


def digits(value: float) -> str:
    """Three digits that count, never in powers of ten."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return np.format_float_positional(float(f"{value:.3g}"), trim="-")


def _text(key: str) -> Cell:
    return lambda row: str(row.get(key, ""))


def _number(key: str, form: str = ",") -> Cell:
    return lambda row: "" if row.get(key) is None else format(row[key], form)


def _median(key: str = "seconds") -> Cell:
    return lambda row: digits(statistics.median(row[key]))


def _spread(key: str = "seconds") -> Cell:
    return lambda row: f"{digits(min(row[key]))} to {digits(max(row[key]))}"


def _per(key: str, unit: float) -> Cell:
    """The median for one of so many, in a smaller unit."""
    return lambda row: digits(statistics.median(row["seconds"]) / row[key] * unit)


def _yes(key: str) -> Cell:
    return lambda row: "yes" if row[key] else "NO"


def _inside(key: str, inner: str) -> Cell:
    return lambda row: digits(row[key][inner])


def _most(key: str, unit: float) -> Cell:
    return lambda row: digits(max(row[key]) / unit)


COLUMNS: dict[str, dict[str, Cell]] = {
    "throughput": {
        "method": _text("method"),
        "articles": _number("articles"),
        "seconds": _median(),
        "spread": _spread(),
        "x datasketch": _number("to_datasketch", ".2f"),
        "x fastest peer": _number("to_fastest", ".2f"),
        "recall": _number("recall", ".4f"),
        "precision": _number("precision", ".4f"),
    },
    "stages": {"stage": _text("stage"), "seconds": _median(), "spread": _spread(), "share": _number("share", ".1%")},
    "sketch": {
        "method": _text("method"),
        "seconds": _median(),
        "spread": _spread(),
        "µs a set": _per("sets", 1e6),
        "RMSE": _number("rmse", ".4f"),
        "given": _text("given"),
    },
    "accuracy": {
        "method": _text("method"),
        "RMSE": _number("rmse", ".4f"),
        "mean error": _number("absolute", ".4f"),
        "bias": _number("bias", "+.4f"),
        **{f"at {point}": _number(f"rmse at {point}", ".4f") for point in (0.1, 0.3, 0.5, 0.7, 0.9, 0.95)},
    },
    "pairs": {
        "pairs": _text("pairs"),
        "true": _number("true"),
        "proposed": _number("proposed", ".4f"),
        "recall": _number("recall", ".4f"),
        "links": _number("links"),
        "precision": _number("precision", ".4f"),
    },
    "gold": {
        "labels": _text("labels"),
        "level": _text("level"),
        "articles": _number("articles"),
        "B-cubed precision": _number("precision", ".4f"),
        "recall": _number("recall", ".4f"),
        "F1": _number("f1", ".4f"),
        "pair precision": _number("pair_precision", ".4f"),
        "pair recall": _number("pair_recall", ".4f"),
        "ARI": _number("ari", ".4f"),
    },
    "s_curve": {
        "bands x rows": _text("bands"),
        "Jaccard": _number("jaccard", ".3f"),
        "measured": _number("measured", ".4f"),
        "predicted": _number("predicted", ".4f"),
        "standard error": _number("chance", ".4f"),
    },
    "scaling": {
        "articles": _number("articles"),
        "level": _text("level"),
        "seconds": _median(),
        "ms an article": _per("articles", 1e3),
        "peak MB": lambda row: f"{row['bytes'] / 1e6:,.0f}",
        "bytes a byte of feed": _number("per_byte", ".2f"),
        "candidates an article": _number("per_article", ".1f"),
        "recall": _number("recall", ".4f"),
        "planted": _number("planted", ".4f"),
    },
    "workers": {
        "articles": _number("articles"),
        "level": _text("level"),
        "1 thread": _median(),
        "spread": _spread(),
        "2 threads": _median("two"),
        "its spread": _spread("two"),
        "times as fast": lambda row: f"{statistics.median(row['seconds']) / statistics.median(row['two']):.2f}",
        "same groups": _yes("equal"),
        "recall": _number("recall", ".4f"),
    },
    "floor": {
        "job": _text("job"),
        "seconds": _median(),
        "spread": _spread(),
        "x read and decode": _number("over", ".2f"),
    },
    "cold": {
        "command": _text("command"),
        "seconds": _median(),
        "spread": _spread(),
        "more than Python's own start": _number("started", "+.3f"),
        "more than importing scikit-learn": _number("more", "+.2f"),
        "x": _number("over", ".2f"),
    },
    "incremental": {
        "what": _text("what"),
        "where": _text("where"),
        "measured": lambda row: digits(row["measured"]) if row["measured"] > 1.5 else f"{row['measured']:.4f}",
        "asked": _text("bar"),
        "met": _yes("met"),
    },
    "living answer": {
        "added at a time": _number("size"),
        "articles": _number("articles"),
        "same copy group": _number("copies", ".4f"),
        "stories: B-cubed precision": _number("precision", ".4f"),
        "recall": _number("recall", ".4f"),
        "F1": _number("f1", ".4f"),
        "labelled": _number("gold"),
        "F1 by labels": _number("gold_index", ".4f"),
        "the batch's": _number("gold_batch", ".4f"),
        "renamed": _number("changes"),
        "wrong": _number("wrong"),
    },
    "living throughput": {
        "method": _text("method"),
        "level": _text("level"),
        "articles": _number("articles"),
        "seconds": _median(),
        "spread": _spread(),
        "µs an article": _per("articles", 1e6),
        "x batch": _number("ratio", ".2f"),
        "same copy group": _number("copies", ".4f"),
        "stories F1": _number("f1", ".4f"),
        "bytes an article": _number("bytes", ",.0f"),
        "compacted": _number("compact", ",.0f"),
    },
    "living latency": {
        "stored": _number("articles"),
        "added": _number("singles"),
        **{f"add {what}, ms": _inside("add", what) for what in ("p50", "p99", "max")},
        **{f"query {what}, ms": _inside("query", what) for what in ("p50", "p99")},
        "open, ms": _inside("open", "max"),
        "articles a second, batches of as many": _median("batches"),
        "spread": _spread("batches"),
        "when filled": _number("filled", ",.0f"),
        "planted": _number("planted", ".4f"),
    },
    "living room": {
        "days": _text("days"),
        "articles": lambda row: f"{max(row['kept']):,}",
        "file MB": _most("file", 1e6),
        "log MB": _most("log", 1e6),
        "used MB": _most("used", 1e6),
        "used bytes an article": lambda row: f"{statistics.median(row['used']) / statistics.median(row['kept']):,.0f}",
    },
    "living pace": {
        "days": _text("days"),
        "add: median of the days' p50, ms": _median("p50"),
        "of their p99": _median("p99"),
        "most": _most("p99", 1),
        "expire, ms": _median("expire"),
        "its most": _most("expire", 1),
        "both over the batch run": _median("over"),
    },
    "corpora": {
        "corpus": _text("name"),
        "articles": _number("articles"),
        "letters": _number("letters"),
        "licence": _text("licence"),
        "SHA-256": _text("sha256"),
        "as stated": lambda row: {None: "no content promised", True: "yes", False: "NO"}[row["fixed"]],
    },
}
"""Heading to cell, for every kind of table."""
_PROSE = (
    "method",
    "stage",
    "job",
    "command",
    "pairs",
    "labels",
    "level",
    "given",
    "corpus",
    "licence",
    "SHA-256",
    "as stated",
    "bands x rows",
    "what",
    "where",
    "asked",
    "days",
)


@click.command(help=__doc__.partition("\n")[0])
@click.argument("run", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--readme", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Rewrite its table only.")
def main(run: Path, readme: Path | None) -> None:
    """Render a run again."""
    data = orjson.loads(run.read_bytes())
    if readme is None:
        write(data, run)
        return
    text = readme.read_text("utf-8")
    if text.count(START) != 1 or text.count(END) != 1:
        raise click.ClickException(f"{readme} must hold {START} and {END} once each")
    readme.write_text(with_table(text, data), "utf-8")


def write(data: dict[str, Any], path: Path) -> list[Path]:
    """Write JSON, Markdown and HTML side by side."""
    whole = orjson.dumps(data, option=orjson.OPT_INDENT_2) + b"\n"
    data = orjson.loads(whole)  # rendered from what is on disk, now as later
    made = {
        path: whole,
        path.with_suffix(".md"): markdown(data).encode(),
        path.with_suffix(".html"): page(data).encode(),
    }
    for file, content in made.items():
        file.write_bytes(content)
    return list(made)


def markdown(data: dict[str, Any]) -> str:
    """The whole report as Markdown."""
    parts = ["# Benchmarks", *(f"- {line}" for line in about(data)), "", _markdown_table(corpora(data)), ""]
    for name, suite in data["suites"].items():
        parts += [f"## {name}", "", " ".join(suite["about"].split()), ""]
        for one in suite["tables"]:
            parts += [f"### {one['title']}", ""] if one["title"] else []
            parts += [_markdown_table(one), ""] if one["rows"] else []
            parts += [f"{sentence}\n" for sentence in one["says"]]
    return "\n".join(parts).rstrip() + "\n"


def about(data: dict[str, Any]) -> list[str]:
    """What was run, where and with what, one sentence a line."""
    machine = data["machine"]
    packages = ", ".join(f"{name} {version or 'absent'}" for name, version in data["packages"].items())
    options = ", ".join(f"{name} {value}" for name, value in data["options"].items())
    return [
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_bytes'] / 2**30:.1f} GiB, {machine['system']}",
        f"Python {data['python']}; {packages}; kernels: {data['kernels']}",
        f"commit {data['commit']}; started {data['started']}, took {data['seconds']:.0f} s",
        f"options: {options}",
        *data["missing"],
    ]


def corpora(data: dict[str, Any]) -> dict[str, Any]:
    """The corpora as a table."""
    return {"kind": "corpora", "title": "Corpora", "rows": data["corpora"], "says": []}


def cells(one: dict[str, Any]) -> list[list[str]]:
    """A table's rows as text; what is absent says so in its second cell."""
    columns = list(COLUMNS[one["kind"]].values())
    return [
        [row["method"], row["absent"], *[""] * (len(columns) - 2)]
        if "absent" in row
        else [cell(row) for cell in columns]
        for row in one["rows"]
    ]


def _markdown_table(one: dict[str, Any]) -> str:
    headings = list(COLUMNS[one["kind"]])
    lines = [headings, ["---" if h in _PROSE else "---:" for h in headings], *cells(one)]
    return "\n".join("| " + " | ".join(c.replace("|", "\\|") for c in line) + " |" for line in lines)


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Benchmarks of clusterer</title>
<style>
:root {{ color-scheme: light dark; --paper: #fff; --ink: #1c1c1e; --soft: #63636a; --line: #d9d9de; }}
@media (prefers-color-scheme: dark) {{ :root {{ --paper: #161618; --ink: #ececf0; --soft: #a2a2aa; --line: #3a3a40; }} }}
body {{ background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; max-width: 62rem;
  margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }}
nav a {{ margin-right: .7rem; display: inline-block; }}
a {{ color: inherit; }}
.scroll {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }}
.prose {{ text-align: left; }}
.about, .says {{ color: var(--soft); font-size: .9rem; }}
svg {{ max-width: 100%; height: auto; margin: .8rem 0; }}
</style>
<h1>Benchmarks of clusterer</h1>
<ul class="about">{about}</ul>
<nav>{links}</nav>
{body}
</html>
"""


def page(data: dict[str, Any]) -> str:
    """The whole report as one HTML page that fetches nothing."""
    lines = about(data) + ([] if drawable() else ["no plots: matplotlib is not installed"])
    body = [_html_table(corpora(data))]
    for name, suite in data["suites"].items():
        body += [f'<h2 id="{escape(name)}">{escape(name)}</h2>', f'<p class="about">{escape(suite["about"])}</p>']
        for number, one in enumerate(suite["tables"]):
            body.append(f"<h3>{escape(one['title'])}</h3>" if one["title"] else "")
            body.append(_html_table(one) if one["rows"] else "")
            body += [f'<p class="says">{escape(sentence)}</p>' for sentence in one["says"]]
            body.append(drawing(one, f"{name}-{number}"))
    return _PAGE.format(
        about="".join(f"<li>{escape(line)}</li>" for line in lines),
        links="".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in data["suites"]),
        body="\n".join(part for part in body if part),
    )


def _html_table(one: dict[str, Any]) -> str:
    kinds = [' class="prose"' if heading in _PROSE else "" for heading in COLUMNS[one["kind"]]]
    head = "".join(f"<th{k}>{escape(h)}</th>" for k, h in zip(kinds, COLUMNS[one["kind"]], strict=True))
    rows = [
        "<tr>" + "".join(f"<td{k}>{escape(c)}</td>" for k, c in zip(kinds, line, strict=True)) + "</tr>"
        for line in cells(one)
    ]
    return f'<div class="scroll"><table><tr>{head}</tr>\n' + "\n".join(rows) + "\n</table></div>"


def with_table(text: str, data: dict[str, Any]) -> str:
    """A README's text with its table made from a run."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{readme_table(data)}\n{END}{after}"


def readme_table(data: dict[str, Any]) -> str:
    """Seconds from texts to groups beside the peers, and growth: what the README shows of a run. Not our other schemes."""
    machine, parts = data["machine"], []
    shown = data["suites"].get("throughput", {"tables": []})["tables"]
    for one in shown[-1:]:  # the user's feed, where there was one
        count = max(row["articles"] for row in one["rows"] if "absent" not in row)
        rows = [row for row in one["rows"] if row.get("articles") == count and not row["method"].endswith(SCHEMES)]
        keep = ("method", "seconds", "x datasketch", "x fastest peer", "recall")
        parts += [f"Texts to groups, `{one['title']}`, {count:,} articles:", _chosen("throughput", rows, keep)]
    for one in data["suites"].get("scaling", {"tables": []})["tables"]:
        keep = ("articles", "level", "seconds", "peak MB", "candidates an article", "recall")
        parts += ["File to groups, generated feeds:", _chosen("scaling", one["rows"], keep), " ".join(one["says"])]
    where = f"{machine['cpu']}, {machine['cores']} cores, Python {data['python']}, kernels: {data['kernels']}"
    rounds = data["options"]["rounds"]
    parts.append(
        f"Texts to groups: medians of {rounds} rounds, methods in turn, one thread unless it says more. File to groups: one"
        f" run each. {where}."
    )
    return "\n\n".join(part for part in parts if part)


def _chosen(kind: str, rows: Sequence[Row], headings: Sequence[str]) -> str:
    columns = {heading: COLUMNS[kind][heading] for heading in headings}
    lines = [list(columns), ["---" if h in _PROSE else "---:" for h in columns]]
    lines += [[cell(row) for cell in columns.values()] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    main()
