"""Settings: every default, range and unit in one frozen place.

The command line and the estimator build their options from here; the numeric core never sees this object.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import wraps
from typing import Any, TypeAlias, TypeVar, cast

from clusterer.errors import InputError, SettingsError, did_you_mean

_Init = TypeVar("_Init", bound=Callable[..., None])

SHIPPED = "shipped"
"""What `weights` is where nobody has retrained them."""
AUTO = "auto"
"""What `memory` is where nobody has set it."""
LEAST_MEMORY = 500_000_000
"""Bytes that a run takes before it holds any article: the interpreter, libraries, tables, and what is being worked on."""
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_OF_READING = (
    "a zone belongs to reading: read(PATH, timezone='Asia/Riyadh'); of a frame give its dates theirs, as"
    " frame['date'].dt.tz_localize('Asia/Riyadh')"
)
_OF_PRESET = (
    "a preset goes by its name, cluster(articles, 'corpus'), or as settings by name,"
    " StoryClusterer(**clusterer.settings.PRESETS['corpus'])"
)
_DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0}
_WEIGHTS = re.compile(r"[0-9a-f]{8}( [a-z_]+=-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?)+")


def _setting(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] | None = None,
    shapes_result: bool = True,
) -> Any:
    meta = {"help": help, "low": low, "high": high, "choices": choices, "shapes_result": shapes_result}
    return field(default=default, metadata=meta)


@dataclass(frozen=True, slots=True)
class Settings:
    """How articles are compared and grouped. Out-of-range values raise `SettingsError` at once."""

    level: str = _setting("story", "how far to group", choices=("exact", "copy", "story"))
    profile: str = _setting(
        "news", "how letters fold", choices=("news", "news-1", "news-2", "strict", "strict-1", "strict-2")
    )
    boilerplate: str = _setting(
        "learned",
        "outlet heads and tails to cut: those known, also those learned from the batch, or none",
        choices=("learned", "known", "none"),
    )
    unit: str = _setting("word", "what a shingle is made of", choices=("word", "char"))
    size: int = _setting(3, "words (or letters) a shingle", low=1, high=64)
    scheme: str = _setting("fast", "how sets are sketched", choices=("fast", "affine32", "affine64", "legacy"))
    slots: int = _setting(128, "slots a signature", low=8, high=4096)
    seed: int = _setting(1, "of the hash functions", low=0, high=2**32 - 1)
    jaccard: float = _setting(0.43, "Jaccard similarity from which two texts are copies", low=0.05, high=1.0)
    cuts: bool = _setting(True, "whether a text that was cut from a longer one is its copy")
    containment: float = _setting(
        0.6, "share of the shorter text's shingles in the longer from which it is a cut of it", low=0.05, high=1.0
    )
    cut_ratio: float = _setting(
        0.75, "most shingles that a cut has, as a share of those of the longer text", low=0.05, high=1.0
    )
    opening: float = _setting(
        0.25,
        "share of each other's openings that a cut and its source must hold; a text quoted further down is not a copy",
        low=0.0,
        high=1.0,
    )
    series: str = _setting(
        "separate",
        "texts of one form that differ in numbers, dates or names: no copies, or judged by their words alone",
        choices=("separate", "merge"),
    )
    window: float = _setting(
        0.0, "days further apart than which no texts are copies; 0 for no limit", low=0.0, high=36_525.0
    )
    recall: float = _setting(
        0.98, "share of the pairs at the Jaccard threshold that bands must find", low=0.5, high=0.9999
    )
    sample: int = _setting(4, "one shingle in so many is a key for cuts; 0 looks for no cuts", low=0, high=64)
    bucket_cap: int = _setting(64, "largest bucket that makes all its pairs", low=8, high=4096)
    story: float = _setting(
        0.5, "mean score (a power mean) from which texts report the same event", low=0.05, high=0.99
    )
    story_slots: int = _setting(256, "slots a signature of weighted stems", low=32, high=4096)
    weights: str = _setting(
        SHIPPED,
        "weights of the score that texts report the same event: those shipped, or a line that tune --retrain writes",
    )
    min_words: int = _setting(
        6, "words below which a text is judged by its title, else like none but identical ones", low=1, high=1000
    )
    representative: str = _setting(
        "earliest",
        "which member stands for its group; an agency's comes first in any case",
        choices=("earliest", "longest", "central"),
    )
    threads: int = _setting(
        1, "threads to work with; 0 for as many as there are cores", low=0, high=1024, shapes_result=False
    )
    chunk: int = _setting(1024, "articles worked on at a time", low=1, high=1_000_000, shapes_result=False)
    memory: str = _setting(
        AUTO,
        "memory that a run should do with, such as 4G: arrays beyond it go to files in --tmp; auto: half of what is free",
        shapes_result=False,
    )
    tmp: str = _setting(
        "",
        "folder for these files; else beside the output, and without one the system's for temporary files",
        shapes_result=False,
    )

    def __post_init__(self) -> None:
        if isinstance(self.window, str) and self.window[-1:] in _DAYS:
            object.__setattr__(self, "window", days_from(self.window))
        for f in fields(self):
            _check(f.name, getattr(self, f.name), type(f.default), f.metadata)
            if type(f.default) is float:  # 1 and 1.0 are equal and must have one fingerprint
                object.__setattr__(self, f.name, float(getattr(self, f.name)))
        if self.weights != SHIPPED and not _WEIGHTS.fullmatch(self.weights):
            raise SettingsError(
                f"weights is {self.weights!r:.80}; it must be {SHIPPED!r}, or a line that tune --retrain wrote; cure:"
                " clusterer tune FEED GOLD --retrain -o settings.toml, then --settings settings.toml"
            )
        if self.memory != AUTO and bytes_from(self.memory, "memory") < LEAST_MEMORY:
            raise SettingsError(
                f"memory is {self.memory!r}; a run takes {LEAST_MEMORY // 10**6}M before it holds any article;"
                f" cure: {LEAST_MEMORY // 10**6}M or more, 2G for a million articles, or {AUTO}"
            )
        if self.unit == "char" and self.size < 4:
            raise SettingsError(f"size {self.size} is too short for shingles of letters; use 4 or more, 12 is usual")

    def fingerprint(self) -> str:
        """16 hex digits over everything that can change a group; equal settings have equal ones on any machine."""
        shaping = {f.name: getattr(self, f.name) for f in fields(self) if f.metadata["shapes_result"]}
        return hashlib.blake2b(repr(sorted(shaping.items())).encode(), digest_size=8).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """Name to value, in the order of declaration."""
        return asdict(self)

    def to_toml(self, names: Iterable[str] | None = None) -> str:
        """Settings as the text of a TOML file, a line each: those named, all where None."""
        wanted = {f.name for f in fields(self)} if names is None else set(names)
        return "".join(f"{name} = {_toml(value)}\n" for name, value in self.as_dict().items() if name in wanted)

    @classmethod
    def from_toml(cls, text: str, name: str = "settings") -> Settings:
        """Settings from the text of a TOML file; what it leaves out has its default.

        Raises:
            SettingsError: as `toml_values`; or settings contradict each other.
        """
        return cls(**toml_values(text, name))


def refuse_unknown(init: _Init) -> _Init:
    """An `__init__` that takes settings by name, and tells of a name that is none what was meant.

    Python's own `TypeError` knows no cure. Signature and type stay as they are.
    """

    @wraps(init)
    def checked(self: object, *args: Any, **values: Any) -> None:
        for name in values:
            _check_name(name)
        init(self, *args, **values)

    return cast(_Init, checked)


Settings.__init__ = refuse_unknown(Settings.__init__)  # type: ignore[method-assign]

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "news": {},
    "corpus": {
        "level": "copy",
        "boilerplate": "none",
        "jaccard": 0.8,
        "cuts": False,
        "series": "merge",
        "min_words": 1,
    },
    "headlines": {"min_words": 3, "story": 0.45},
    "strict": {"jaccard": 0.7, "containment": 0.9, "story": 0.7},
}
"""Settings for a kind of work, by name: those that differ from the defaults. "news" are the defaults; "corpus" is for texts that
a model is trained on: whole texts by their words alone, no stories, no learned lines, no cuts, no title in place of a text
however short; "headlines" is for titles without
texts, "strict" groups only what is sure. How the last two were chosen is in docs/tuning.md."""


def preset(name: str) -> Mapping[str, Any]:
    """The settings of a preset that differ from the defaults.

    Raises:
        SettingsError: there is no such preset.
    """
    if name not in PRESETS:
        meant, known = did_you_mean(name, PRESETS), ", ".join(PRESETS)
        raise SettingsError(f"{name!r} is no preset; cure: {meant}one of {known}, or a .toml file")
    return PRESETS[name]


def days_from(text: str) -> float:
    """Days of a stretch of time that is written out.

    Raises:
        SettingsError: it is none.

    >>> days_from("36h"), days_from("2w"), days_from("3")
    (1.5, 14.0, 3.0)
    """
    bare = text.strip().lower()
    factor = _DAYS.get(bare[-1:], 0.0)
    try:
        return float(bare[:-1]) * factor if factor else float(bare)
    except ValueError:
        raise SettingsError(f"{text!r} is no stretch of time; cure: such as 3d, 36h or 2w") from None


def bytes_from(text: str, name: str = "size") -> int:
    """Bytes of a size that is written out.

    Args:
        text: such as 500MB, 4G or 2.5 GB.
        name: what to call it in errors.

    Raises:
        SettingsError: it is none.

    >>> bytes_from("500MB"), bytes_from("4G"), bytes_from("17")
    (500000000, 4000000000, 17)
    """
    if size := _SIZE.fullmatch(text.strip()):
        return int(min(float(size[1]) * 1000 ** " KMGT".index(size[2].upper() or " "), 1e18))
    raise SettingsError(f"{name} is {text!r}; it must be a size; cure: such as 500MB or 4G")


GivenSettings: TypeAlias = Settings | Mapping[str, Any] | str | os.PathLike[str]
"""What a caller may give as settings: themselves, some of them by name, a preset's name, or a TOML file's path."""


def settings_from(given: object, choices: Mapping[str, Any] | None = None, default: Settings | None = None) -> Settings:
    """Settings from what a caller calls settings.

    Args:
        given: `Settings`, a mapping of their names to values, the name of a preset (`PRESETS`), the path of a TOML file that
            ends in .toml, or None.
        choices: more of them by name, which win.
        default: what holds where `given` is None, or leaves a setting out.

    Raises:
        SettingsError: it is none of these, or a name or value is wrong.

    >>> settings_from({"level": "copy"}, {"jaccard": 0.6}).jaccard
    0.6
    >>> settings_from("corpus", {"jaccard": 0.7}).series
    'merge'
    """
    base = default or Settings()
    if isinstance(given, os.PathLike) or (isinstance(given, str) and given.lower().endswith(".toml")):
        given = values_of_file(given)
    elif isinstance(given, str):
        given = preset(given)
    if isinstance(given, Settings):
        base = given
    elif isinstance(given, Mapping):
        choices = {**given, **(choices or {})}
    elif given is not None:
        raise SettingsError(
            f"settings is {given!r:.80}; it must be Settings or a dict; cure: name what is set, for example"
            " Settings(jaccard=0.5)"
        )
    for name in choices or ():
        _check_name(name)
    return replace(base, **choices) if choices else base


def _check_name(name: object, place: str = "") -> None:
    """Refuse a name that no setting has; `place` opens the message."""
    known = [f.name for f in fields(Settings)]
    if name not in known:
        own = {"timezone": _OF_READING, "tz": _OF_READING, "preset": _OF_PRESET}.get(str(name))
        cure = own or f"{did_you_mean(name, known)}one of {', '.join(known)}"
        raise SettingsError(f"{place}{name!r} is no setting; cure: {cure}")


def values_of_file(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The settings that a TOML file gives, by name.

    Raises:
        InputError: the file cannot be read.
        SettingsError: as `toml_values`.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            return toml_values(file.read(), os.fspath(path))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{os.fspath(path)}: cannot be read ({error}); cure: a TOML file in UTF-8") from None


def toml_values(text: str, name: str = "settings") -> dict[str, Any]:
    """The settings that the text of a TOML file gives, by name; each is of its type and in its range.

    Args:
        text: of the file.
        name: what to call it in errors.

    Raises:
        SettingsError: it is not TOML, a key is no setting, a value is of a wrong type or out of range.
    """
    import tomllib  # most runs have no settings file

    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{name}: not TOML ({error}); cure: lines such as jaccard = 0.5") from None
    known = {f.name: f for f in fields(Settings)}
    for key, value in values.items():
        _check_name(key, f"{name}: ")
        try:
            if key == "window" and isinstance(value, str) and value[-1:] in _DAYS:
                values[key] = value = days_from(value)
            _check(key, value, type(known[key].default), known[key].metadata)
        except SettingsError as error:
            raise SettingsError(f"{name}: {error}; cure: mend or remove that line") from None
    return values


def _toml(value: Any) -> str:
    """A string of plain letters in quotes, a number, true or false: TOML writes these as Python does, but for case and quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _check(name: str, value: Any, kind: type, meta: Any) -> None:
    if kind is float and type(value) is int:
        value = float(value)
    if kind in (int, float) and type(value) is str:
        raise SettingsError(f"{name} is {value!r}; it must be a {'whole ' * (kind is int)}number, without quotes")
    if type(value) is not kind and meta["choices"]:
        raise SettingsError(f"{name} is {value!r}; use one of {', '.join(meta['choices'])}")
    if type(value) is not kind:
        raise SettingsError(f"{name} is {value!r}; it must be of type {kind.__name__}")
    if meta["choices"] and value not in meta["choices"]:
        meant = did_you_mean(value, meta["choices"])
        raise SettingsError(f"{name} is {value!r}; cure: {meant}use one of {', '.join(meta['choices'])}")
    low, high = meta["low"], meta["high"]
    if low is not None and not low <= value <= high:
        raise SettingsError(f"{name} is {value}; it must be from {low} to {high}")
