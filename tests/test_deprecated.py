"""Old public paths still work for one release, and each says where its name is now."""

from __future__ import annotations

import subprocess
import sys
import warnings
from importlib import import_module

import pytest
from places import ROOT

from clusterer.deprecated import MOVED

NAMES = [(module, name, place) for module, names in MOVED.items() for name, place in names.items()]


@pytest.mark.parametrize(("module", "name", "place"), NAMES, ids=[f"{module}.{name}" for module, name, _ in NAMES])
def test_an_old_name_gives_the_new_one_and_a_warning(module: str, name: str, place: str) -> None:
    home, new_name = place.split(":")
    if "spark" in place:
        pytest.importorskip("pyspark")
    if name in vars(import_module(f"clusterer.{module}")):  # a module that stayed and uses the name itself
        assert getattr(import_module(f"clusterer.{module}"), name) is getattr(import_module(home), new_name)
        return
    with pytest.warns(DeprecationWarning, match=rf"^clusterer\.{module}\.{name} is {home}\.{new_name} now") as caught:
        old = getattr(import_module(f"clusterer.{module}"), name)
    assert old is getattr(import_module(home), new_name)
    assert caught[0].filename == __file__  # whoever uses the old name is named, not the shim


def test_what_documents_named_before_still_runs() -> None:
    """The imports of the recipes and pages of the release before."""
    code = (
        "from clusterer.files import Feed\n"
        "from clusterer.output import Quarantine, atomic_output\n"
        "from clusterer.corpus import text_words\n"
        "from clusterer.minhash import signatures, to_datasketch\n"
        "from clusterer.pipeline import shingle\n"
        "import clusterer.minhash\n"
        "clusterer.minhash.to_datasketch\n"
        "from clusterer import spark\n"
        "spark.cluster\n"
    )
    done = subprocess.run([sys.executable, "-W", "default", "-c", code], cwd=ROOT, capture_output=True, check=False)
    said = done.stderr.decode()
    assert done.returncode == 0, said
    for name in ("files.Feed", "output.Quarantine", "output.atomic_output", "minhash.signatures", "pipeline.shingle"):
        assert f"DeprecationWarning: clusterer.{name} is " in said


@pytest.mark.parametrize("module", MOVED)
def test_names_that_never_were_are_missing_and_nothing_warns_unasked(module: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        old = import_module(f"clusterer.{module}")
        with pytest.raises(AttributeError, match=f"clusterer.{module}.* has no attribute 'nothing_of_this_name'"):
            old.nothing_of_this_name  # noqa: B018
        with pytest.raises(ModuleNotFoundError):
            import_module(f"clusterer.{module}_of_another_name")
