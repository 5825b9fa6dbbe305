"""What is read of every format as which field, from the readers' own tables: ``python -m benchmarks.report.fields``.

Writes `docs/fields.md`; a test holds the page equal to the tables, and the tables to what the readers give. Invents nothing: the
formats are `clusterer.io.formats.FORMATS`, where they are read from is the `FIELDS` of their readers, the usual names are
`clusterer.io.field_names`.
"""

from __future__ import annotations

from pathlib import Path

import click

from clusterer.io.field_names import ABSTRACT_NAMES, FETCH_NAMES, FIELD_NAMES
from clusterer.io.formats import FORMATS

PAGE = Path(__file__).parents[2] / "docs" / "fields.md"
HEAD = """# Formats and fields

Written by `python -m benchmarks.report.fields` from the readers' own tables. How one of several fields is chosen, and what
is nothing: [Formats](formats.md#how-input-is-read).

"""


def page() -> str:
    """The page: formats by fields, then the usual names of fields."""
    attributes = list(FIELD_NAMES)
    lines = [f"| format | {' | '.join(attributes)} |", "| --- " * (len(attributes) + 1) + "|"]
    for format in FORMATS:
        cells = [format.fields.get(name, "a usual name") or "-" for name in attributes]
        lines.append(f"| `{format.name}` | {' | '.join(cells)} |")
    lines += [
        "",
        "## Usual names",
        "",
        "In the order of preference. Case, `_`, `-`, blanks, diacritics, `dc:` before and `.rendered` behind do not matter:",
        "`pubDate`, `pub_date` and `Pub-Date` are one name.",
        "",
        "| field | names |",
        "| --- | --- |",
        *(f"| {attribute} | {_listed(names)} |" for attribute, names in FIELD_NAMES.items()),
        f"| an abstract, the text where nothing fuller is | {_listed(ABSTRACT_NAMES)} |",
        f"| the day of fetching | {_listed(tuple(sorted(FETCH_NAMES)))} |",
        "",
    ]
    return HEAD + "\n".join(lines)


def _listed(names: tuple[str, ...]) -> str:
    return " ".join(f"`{name}`" for name in names)


@click.command(help=__doc__.partition("\n")[0])
def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
