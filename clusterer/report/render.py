"""Pages: templates to HTML that stands alone: styles and scripts inside, nothing fetched. Knows no data of its own.

Everything that comes from an article goes through Jinja2's escaping. Every word of a page is a message of
`clusterer.messages`: written in the page's language, and kept beside it so that the page can be turned into the other one.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from clusterer.messages import Language, Message, language_of, message, plain, table, worded

_SERVED = "serve."  # messages of pages that are made anew in another language
_DIRECTIONS = {"ar": "rtl", "en": "ltr"}


def render(template: str, language: Language, scripts: tuple[str, ...] = (), **data: Any) -> str:
    """Return a template of `report/templates`, filled.

    Args:
        template: file name.
        language: that it is written in at first.
        scripts: of `report/templates`, run after that of every page.
        data: what the template names.
    """
    script = "(() => {\n'use strict';\n" + "\n".join(map(asset, ("page.js", *scripts))) + "})();\n"
    return (
        environment()
        .get_template(template)
        .render(
            **data,
            **wording(language, is_turnable=True),
            messages={key: said for key, said in table().items() if not key.startswith(_SERVED)},
            script=Markup(script),
            script_hash=b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def wording(language: Language, *, is_turnable: bool) -> dict[str, Any]:
    """Return what every template words its messages by, by the names that templates know.

    Args:
        language: that the page is written in.
        is_turnable: whether messages are kept beside their words, for a script that turns the page into the other language.
    """

    def say(said: Message | str, **values: Any) -> Markup:
        """A message, in an element where it can be turned."""
        if not is_turnable:
            return Markup.escape(words(said, **values))
        return Markup("<span{}>{}</span>").format(saying(said, **values), words(said, **values))

    def saying(said: Message | str, **values: Any) -> Markup:
        """The attribute of an element that holds nothing but a message."""
        return Markup(' data-say="{}"').format(_kept(said, values)) if is_turnable else Markup()

    def labelled(name: str, said: Message | str, **values: Any) -> Markup:
        """A message in an attribute."""
        kept = Markup(' data-say-{}="{}"').format(name, _kept(said, values)) if is_turnable else ""
        return Markup(' {}="{}"{}').format(name, words(said, **values), kept)

    def words(said: Message | str, **values: Any) -> str:
        return worded(_message(said, values), language, isolate=True)

    return {
        "language": language,
        "direction": _DIRECTIONS[language],
        "say": say,
        "saying": saying,
        "labelled": labelled,
        "words": words,
        "direction_of": lambda text: _DIRECTIONS[language_of([text])],
    }


def _message(said: Message | str, values: dict[str, Any]) -> Message:
    return Message(said, values) if isinstance(said, str) else said


def _kept(said: Message | str, values: dict[str, Any]) -> str:
    return json.dumps(plain(_message(said, values)), ensure_ascii=False)


def asset(name: str) -> str:
    """Return a file of `report/templates`, as it is."""
    return files("clusterer.report").joinpath("templates", name).read_text("utf-8")


@lru_cache(maxsize=2)
def environment(package: str = "clusterer.report") -> Environment:
    """Return the templates of a package and, behind them, those of the report."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in dict.fromkeys((package, "clusterer.report"))]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def included(name: str) -> Markup:
        """One of our own styles, as it is."""
        return Markup(asset(name))

    environment.globals["included"] = included
    environment.globals["message"] = message
    return environment
