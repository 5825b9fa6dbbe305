"""Pages of the site that lie at the root of the project: README, ARCHITECTURE and so on, with their links made to fit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
PAGES = {
    "index.md": "README.md",
    "architecture.md": "ARCHITECTURE.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "reporting.md": "SECURITY.md",
}
"""Page of the site to file of the project."""


def on_config(config: Any) -> Any:
    """List the decision records, as many as there are."""
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    if records:
        config.nav.append({"Decisions": [f"decisions/{record.name}" for record in records]})
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages of the root."""
    for page, name in PAGES.items():
        files.append(File.generated(config, page, content=fitted((ROOT / name).read_text("utf-8"))))
    return files


def fitted(text: str) -> str:
    """A page of the root with links as they are within the site; to files that are no page of it as plain words."""
    for page, name in PAGES.items():
        text = text.replace(f"]({name}", f"]({page}")
    text = text.replace("](docs/", "](")
    return re.sub(r"(?<!!)\[([^\]]+)\]\((?!https?:|#)(?![\w/]+\.(?:md|png|svg))[^)]+\)", r"\1", text)
