"""Pages: templates to HTML that stands alone: styles and scripts inside, nothing fetched. Knows no data of its own.

Everything that comes from an article goes through Jinja2's escaping.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def render(template: str, **data: Any) -> str:
    """Return a template of `report/templates`, filled.

    Args:
        template: file name.
        data: what the template names.
    """
    return _environment().get_template(template).render(**data)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("clusterer.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def included(name: str) -> Markup:
        """One of our own styles or scripts, as it is."""
        return Markup(files("clusterer.report").joinpath("templates", name).read_text("utf-8"))

    environment.globals["included"] = included
    return environment
