"""Settings: ranges, fingerprints, and one set of names and defaults everywhere."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import pytest

from clusterer import ClustererError, Settings, SettingsError
from clusterer.arabic import PROFILES
from clusterer.estimator import StoryClusterer
from clusterer.minhash import SCHEMES

FIELDS = {f.name: f for f in fields(Settings)}
NUMBERS = [name for name, f in FIELDS.items() if f.metadata["low"] is not None]
CHOICES = [name for name, f in FIELDS.items() if f.metadata["choices"]]


def other_values(name: str) -> list:
    f = FIELDS[name]
    if f.metadata["choices"]:
        return [choice for choice in f.metadata["choices"] if choice != f.default]
    return [f.metadata["low"], f.metadata["high"]]


def made(name: str, value: object) -> Settings:
    return Settings(**{"size": 12, name: value} if name == "unit" else {name: value})  # type: ignore[arg-type]


def test_every_field_is_a_choice_or_a_range_and_has_a_help() -> None:
    assert sorted(NUMBERS + CHOICES) == sorted(FIELDS)
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
    if name in ("threads", "chunk"):
        assert others == {base.fingerprint()}
    else:
        assert len(others) == len(other_values(name))
        assert base.fingerprint() not in others


def test_the_fingerprint_is_the_same_in_every_process() -> None:
    here = Settings(jaccard=0.7, unit="char", size=12).fingerprint()
    code = "from clusterer import Settings; print(Settings(jaccard=0.7, unit='char', size=12).fingerprint())"
    root = str(Path(__file__).parents[1])
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
    cli = pytest.importorskip("clusterer.cli", reason="the command line is not there yet")
    import click

    grouping = [c for c in cli.cli.commands.values() if any(p.name == "jaccard" for p in c.params)]
    assert grouping
    for command in grouping:
        options = {p.name: p for p in command.params if p.name in FIELDS}
        assert list(options) == list(FIELDS)
        for name, option in options.items():
            # Removing what merely reports the same event would surprise: dedup stops at copies unless told.
            assert option.default == ("copy" if (command.name, name) == ("dedup", "level") else FIELDS[name].default)
            assert option.opts == ["--" + name.replace("_", "-")]
            meta = FIELDS[name].metadata
            if meta["choices"]:
                assert isinstance(option.type, click.Choice)
                assert tuple(option.type.choices) == meta["choices"]
            else:
                assert (option.type.min, option.type.max) == (meta["low"], meta["high"])


def test_choices_are_those_that_the_core_knows() -> None:
    assert FIELDS["scheme"].metadata["choices"] == SCHEMES
    assert set(FIELDS["profile"].metadata["choices"]) == set(PROFILES)
