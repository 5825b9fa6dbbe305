"""What an index was made with: version, settings and recipe, as its table ``made`` tells them, and what is refused.

Looks at texts and numbers that were read; opens no file.
"""

from __future__ import annotations

import secrets
from dataclasses import fields
from zlib import crc32

import orjson

from clusterer.errors import InputError, SettingsError
from clusterer.index.guards import damaged
from clusterer.index.schema import APPLICATION, VERSION
from clusterer.settings import Settings

_SHAPING = {f.name for f in fields(Settings) if f.metadata["shapes_result"]}


def made_texts(settings: Settings, recipe: str) -> dict[str, str]:
    """The rows of the table ``made`` of a new index."""
    shaping = {name: value for name, value in settings.as_dict().items() if name in _SHAPING}
    text = orjson.dumps(shaping)
    return {"settings": text.decode(), "crc": str(crc32(text)), "recipe": recipe, "history": new_history()}


def new_history() -> str:
    """What tells the arrivals of one file from those of a copy that goes its own way: 16 random digits and their CRC-32."""
    digits = secrets.token_hex(8)
    return f"{digits}{crc32(digits.encode()):08x}"


def check_version(path: str, application: int, version: int, recipe: str | None) -> None:
    """Refuse what is not an index, and one of another version; of an older one articles may be read."""
    if application != APPLICATION:
        raise InputError(f"{path}: an SQLite file of another program; cure: name an index of clusterer's")
    if version > VERSION:
        raise InputError(
            f"{path}: schema {version} of a newer clusterer, this one knows {VERSION}; cure: update clusterer"
        )
    if version < 1:
        raise damaged(path, f"it says that its schema is {version}, and the first one was 1")
    if version < VERSION and recipe is not None:
        raise InputError(
            f"{path}: schema {version} of an older clusterer, this one knows {VERSION}; cure: make a new index"
            " and merge this one into it, articles are read anew"
        )


def checked_settings(
    path: str, texts: dict[str, str], version: int, settings: Settings | None, recipe: str | None
) -> Settings:
    """The settings that a file was made with, or the equal ones that were asked for.

    Args:
        path: names it in errors.
        texts: the rows of its table ``made``.
        version: of its schema.
        settings: that were asked for; None for those of the file.
        recipe: what words, keys and scores are made by; None to read articles only.

    Raises:
        SettingsError: the file has other settings.
        InputError: it has another recipe.
        IndexDamaged: what it was made with cannot be read.
    """
    stored, stored_recipe = _stored_settings(path, texts, version)
    if settings is not None and settings.fingerprint() != stored.fingerprint():
        asked_values, stored_values = settings.as_dict(), stored.as_dict()
        others = [
            f"{f.name} {stored_values[f.name]!r}, not {asked_values[f.name]!r}"
            for f in fields(Settings)
            if f.metadata["shapes_result"] and asked_values[f.name] != stored_values[f.name]
        ]
        raise SettingsError(
            f"{path}: was made with {', '.join(others)}; cure: open it without settings, or make a new index"
            " with these and merge the old one into it"
        )
    if recipe is not None and stored_recipe != recipe:
        raise InputError(
            f"{path}: its keys are of another release of clusterer (recipe {stored_recipe}, this one"
            f" {recipe}); cure: make a new index and merge this one into it, articles are read anew"
        )
    return settings or stored


def _stored_settings(path: str, texts: dict[str, str], version: int) -> tuple[Settings, str]:
    """Settings and recipe that the rows of the table ``made`` tell."""
    try:
        values, stored_recipe = orjson.loads(texts["settings"]), str(texts["recipe"])
        if not values.keys() <= _SHAPING:
            raise KeyError(*(values.keys() - _SHAPING))
        if version == VERSION and texts["crc"] != str(crc32(texts["settings"].encode())):
            raise ValueError("their checksum is another one")
        if version == VERSION and texts["history"][16:] != f"{crc32(texts['history'][:16].encode()):08x}":
            raise ValueError("the checksum of its history is another one")
        stored = Settings(**values)
    except (LookupError, TypeError, ValueError, AttributeError, SettingsError) as error:
        raise damaged(path, f"what it was made with cannot be read ({error})") from None
    return stored, stored_recipe
