"""Settings: ranges, fingerprints, and one set of names and defaults everywhere."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import tomllib
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from places import DATA, ROOT

from clusterer import ClustererError, InputError, Settings, SettingsError, StoryIndex
from clusterer.cli import main
from clusterer.estimator import StoryClusterer
from clusterer.lsh.datasketch import SCHEMES
from clusterer.settings import toml_values
from clusterer.text.normalize import PROFILES

FIELDS = {f.name: f for f in fields(Settings)}
NUMBERS = [name for name, f in FIELDS.items() if f.metadata["low"] is not None]
CHOICES = [name for name, f in FIELDS.items() if f.metadata["choices"]]
SWITCHES = [name for name, f in FIELDS.items() if type(f.default) is bool]
LINES = {"weights": "0123abcd title_found=1.5 bias=-2", "memory": "4G", "tmp": "."}
"""Those of which others know what they mean."""


def other_values(name: str) -> list:
    f = FIELDS[name]
    if f.metadata["choices"]:
        return [choice for choice in f.metadata["choices"] if choice != f.default]
    if name in SWITCHES:
        return [not f.default]
    if name in LINES:
        return [LINES[name]]
    return [value for value in (f.metadata["low"], f.metadata["high"]) if value != f.default]


def made(name: str, value: object) -> Settings:
    return Settings(**{"size": 12, name: value} if name == "unit" else {name: value})  # type: ignore[arg-type]


def test_every_field_is_a_choice_a_switch_a_range_or_a_line_and_has_a_help() -> None:
    assert sorted(NUMBERS + CHOICES + SWITCHES + list(LINES)) == sorted(FIELDS)
    assert all(f.metadata["help"] for f in FIELDS.values())


@pytest.mark.parametrize("name", NUMBERS)
def test_the_ends_of_a_range_are_in_it_and_what_lies_beyond_is_refused(name: str) -> None:
    low, high = FIELDS[name].metadata["low"], FIELDS[name].metadata["high"]
    assert getattr(Settings(**{name: low}), name) == low
    assert getattr(Settings(**{name: high}), name) == high
    step = 1 if isinstance(FIELDS[name].default, int) else 1e-6
    for value in (low - step, high + step):
        with pytest.raises(SettingsError) as error:
            Settings(**{name: value})
        message = str(error.value)
        assert name in message
        assert str(value) in message
        assert f"from {low} to {high}" in message


@pytest.mark.parametrize("name", CHOICES)
def test_a_value_that_is_no_choice_is_refused(name: str) -> None:
    for value in ("", "nonsense", FIELDS[name].default.upper()):
        with pytest.raises(SettingsError) as error:
            Settings(**{name: value})
        assert repr(value) in str(error.value)
        assert name in str(error.value)
        assert all(choice in str(error.value) for choice in FIELDS[name].metadata["choices"])


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", [None, True, b"x", [], "7", float("nan"), float("inf"), object()])
def test_a_value_of_another_type_is_refused_by_name(name: str, value: object) -> None:
    if (name in SWITCHES and value is True) or (name, value) == ("tmp", "7"):
        return
    with pytest.raises(SettingsError, match=name):
        Settings(**{name: value})


@pytest.mark.parametrize("name", [n for n in NUMBERS if isinstance(FIELDS[n].default, int)])
def test_whole_numbers_are_no_fractions(name: str) -> None:
    with pytest.raises(SettingsError, match=rf"{name} is .*; it must be of type int"):
        Settings(**{name: float(FIELDS[name].default)})


def test_shingles_of_letters_must_not_be_short() -> None:
    with pytest.raises(SettingsError, match=r"size 3 .* use 4 or more"):
        Settings(unit="char")
    assert Settings(unit="char", size=4).size == 4


def test_settings_errors_are_ours_and_value_errors() -> None:
    assert issubclass(SettingsError, ClustererError)
    assert issubclass(SettingsError, ValueError)


def test_settings_are_frozen_and_compare_by_value() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().jaccard = 0.9  # type: ignore[misc]
    assert Settings() == Settings()
    assert len({Settings(), Settings(), Settings(seed=2)}) == 2


def test_equal_settings_have_equal_fingerprints() -> None:
    assert Settings(jaccard=1) == Settings(jaccard=1.0)
    assert Settings(jaccard=1).fingerprint() == Settings(jaccard=1.0).fingerprint()
    assert type(Settings(jaccard=1).jaccard) is float


@pytest.mark.parametrize("name", FIELDS)
def test_the_fingerprint_changes_with_what_shapes_the_result_only(name: str) -> None:
    base = Settings(size=12) if name == "unit" else Settings()
    others = {made(name, value).fingerprint() for value in other_values(name)}
    if name in ("threads", "chunk", "memory", "tmp"):
        assert others == {base.fingerprint()}
    else:
        assert len(others) == len(other_values(name))
        assert base.fingerprint() not in others


def test_the_fingerprint_is_the_same_in_every_process() -> None:
    here = Settings(jaccard=0.7, unit="char", size=12).fingerprint()
    code = "from clusterer import Settings; print(Settings(jaccard=0.7, unit='char', size=12).fingerprint())"
    root = str(ROOT)
    for seed in ("0", "1", "random"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": root}
        out = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert out.stdout.strip() == here
    assert len(here) == 16
    assert int(here, 16) >= 0


def test_as_dict_makes_the_same_settings_again() -> None:
    settings = replace(Settings(), jaccard=0.8, level="exact")
    assert list(settings.as_dict()) == list(FIELDS)
    assert Settings(**settings.as_dict()) == settings


def test_the_estimator_has_the_names_and_defaults_of_the_settings() -> None:
    parameters = inspect.signature(StoryClusterer.__init__).parameters
    defaults = {name: p.default for name, p in parameters.items() if name != "self"}
    assert defaults == Settings().as_dict()
    assert list(defaults) == list(FIELDS)


def test_the_command_line_has_the_names_and_defaults_of_the_settings() -> None:
    import click

    grouping = [c for c in main.cli.commands.values() if any(p.name == "jaccard" for p in c.params)]
    assert grouping
    for command in grouping:
        options = {p.name: p for p in command.params if p.name in FIELDS}
        assert list(options) == list(FIELDS)
        for name, option in options.items():
            # Removing what merely reports the same event would surprise: dedup stops at copies unless told.
            own = {("dedup", "level"): "copy", (command.name, "threads"): 0}
            assert option.default == own.get((command.name, name), FIELDS[name].default)
            assert option.opts == ["--" + name.replace("_", "-")]
            if name in SWITCHES:
                assert option.secondary_opts == ["--no-" + name.replace("_", "-")]
                continue
            meta = FIELDS[name].metadata
            if name in LINES:
                assert option.type is click.STRING
            elif meta["choices"]:
                assert isinstance(option.type, click.Choice)
                also = ("paragraph",) if (command.name, name) == ("dedup", "unit") else ()
                assert tuple(option.type.choices) == (*meta["choices"], *also)
            else:
                assert (option.type.min, option.type.max) == (meta["low"], meta["high"])


def test_choices_are_those_that_the_core_knows() -> None:
    assert FIELDS["scheme"].metadata["choices"] == SCHEMES
    assert set(FIELDS["profile"].metadata["choices"]) == set(PROFILES)


@pytest.mark.parametrize("name", FIELDS)
def test_what_is_written_is_read_again(name: str) -> None:
    for value in other_values(name):
        settings = made(name, value)
        assert Settings.from_toml(settings.to_toml()) == settings
        assert tomllib.loads(settings.to_toml()) == settings.as_dict()


def test_some_settings_may_be_written_and_the_rest_have_their_defaults() -> None:
    settings = Settings(jaccard=0.7, level="copy", story=0.3)
    text = settings.to_toml(["jaccard", "level"])
    assert text == 'level = "copy"\njaccard = 0.7\n'
    assert Settings.from_toml(text) == replace(settings, story=Settings().story)
    assert Settings.from_toml("") == Settings()
    assert Settings.from_toml("# only a comment\njaccard = 1\n").jaccard == 1.0


BAD_FILES = [
    ("jaccard = 0.5\nfuzzy = 1\n", ["'fuzzy'", "is no setting", "one of level, profile"]),
    ("[story]\nthreshold = 1\n", ["story is {'threshold': 1}", "type float"]),
    ("jaccard = 1.5\n", ["jaccard is 1.5", "from 0.05 to 1.0"]),
    ('jaccard = "0.5"\n', ["jaccard is '0.5'; it must be a number, without quotes"]),
    ('slots = "128"\n', ["slots is '128'; it must be a whole number, without quotes"]),
    ("stroy = 0.5\n", ["'stroy' is no setting", "did you mean 'story'?", "one of level, profile"]),
    ("min-words = 5\n", ["did you mean 'min_words'?"]),
    ("jaccard = nan\n", ["jaccard is nan", "from 0.05"]),
    ("slots = 128.0\n", ["slots is 128.0", "type int"]),
    ("slots = true\n", ["slots is True", "type int"]),
    ('profile = "newz"\n', ["profile is 'newz'", "news, news-1, news-2, strict"]),
    ("jaccard 0.5\n", ["not TOML", "line 1", "jaccard = 0.5"]),
    ("jaccard = 0.5\njaccard = 0.6\n", ["not TOML"]),
]


@pytest.mark.parametrize(("text", "wants"), BAD_FILES)
def test_a_bad_file_is_refused_with_key_rule_and_cure(text: str, wants: list[str]) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_toml(text, "my.toml")
    said = str(error.value)
    assert said.startswith("my.toml: ")
    assert "; cure: " in said
    assert all(part in said for part in wants), said


def test_settings_of_a_file_may_contradict_each_other_only_in_the_end() -> None:
    assert toml_values('unit = "char"') == {"unit": "char"}  # an option may give the size
    with pytest.raises(SettingsError, match="too short"):
        Settings.from_toml('unit = "char"')


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    rows = (DATA / "feed.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "feed.jsonl").write_bytes(b"".join(rows))
    return tmp_path / "feed.jsonl"


def ran(*args: object) -> str:
    done = CliRunner().invoke(main.cli, list(map(str, args)))
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_file_stands_for_the_defaults_and_options_win(feed: Path) -> None:
    path = feed.parent / "settings.toml"
    path.write_text('\ufefflevel = "copy"\njaccard = 0.9\n# unit = "char"\ncontainment = 1\n', "utf-8")
    plain = ran("cluster", feed)
    assert ran("cluster", feed, "--settings", path) == ran(
        "cluster", feed, "--level", "copy", "--jaccard", "0.9", "--containment", "1"
    )
    assert ran("cluster", feed, "--settings", path) != plain
    defaults = Settings().as_dict()
    back = [x for n in ("level", "jaccard", "containment") for x in (f"--{n}", defaults[n])]
    assert ran("cluster", feed, "--settings", path, *back) == ran("cluster", feed, *back, "--settings", path) == plain


@pytest.mark.parametrize("text", ["jaccard = 0.9\ncontainment = 0.9\n", 'level = "story"\n'])
def test_dedup_takes_a_file_too_and_stops_at_copies_unless_it_says_otherwise(feed: Path, text: str) -> None:
    path = feed.parent / "settings.toml"
    path.write_text(text)
    options = [x for n, v in tomllib.loads(text).items() for x in (f"--{n}", v)]
    assert ran("dedup", feed, "--settings", path) == ran("dedup", feed, *options)
    assert ran("dedup", feed, "--settings", path) != ran("dedup", feed)


def test_every_command_with_settings_takes_a_file(feed: Path) -> None:
    found = []
    groups = {"": main.cli.commands, "index ": main.cli.commands["index"].commands}  # type: ignore[attr-defined]
    for prefix, commands in groups.items():
        for name, command in commands.items():
            if any(p.name in ("jaccard", "threads") for p in command.params):
                assert any("--settings" in p.opts for p in command.params), name
                found.append(prefix + name)
    assert {"cluster", "dedup", "boilerplate", "tune", "label", "index create"} <= set(found)


def test_an_index_keeps_the_settings_of_a_file(feed: Path) -> None:
    path, index = feed.parent / "settings.toml", feed.parent / "news.db"
    path.write_text("story = 0.3\nmin_words = 4\n")
    ran("index", "create", index, "--settings", path, "--min-words", "5")
    with StoryIndex.open(index) as store:
        assert store.settings == Settings(story=0.3, min_words=5)


@pytest.mark.parametrize(("text", "wants"), BAD_FILES)
def test_a_bad_file_is_one_line_that_names_it(feed: Path, text: str, wants: list[str]) -> None:
    path = feed.parent / "my.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as error:
        ran("cluster", feed, "--settings", path)
    assert str(error.value).startswith(f"{path}: ")
    assert all(part in str(error.value) for part in wants)


def test_a_file_that_cannot_be_read_is_named(feed: Path) -> None:
    (feed.parent / "latin.toml").write_bytes("# \xe9\njaccard = 0.5\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"missing.toml' does not exist; cure: check the path of --settings"):
        ran("cluster", feed, "--settings", feed.parent / "missing.toml")
    for name in ("latin.toml", "."):
        with pytest.raises(InputError, match=r"cannot be read .*; cure: a TOML file in UTF-8"):
            ran("cluster", feed, "--settings", feed.parent / name)
