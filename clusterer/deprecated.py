"""Old public paths, for one release: each still gives what it gave, with a `DeprecationWarning` that names the new place.

One table; nothing else knows the old names. Old modules that are gone are found by `install`; modules that stayed, but lost
names, ask `moved_names`. To drop the old paths, drop this file, its test, and the lines that call it.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.abc import Loader, MetaPathFinder
else:
    # Bases in name only: importing them takes longer than all else that `import clusterer` does.
    Loader, MetaPathFinder = (type(name, (), {}) for name in ("Loader", "MetaPathFinder"))


def _same_names(module: str, *names: str) -> dict[str, str]:
    return {name: f"{module}:{name}" for name in names}


MOVED: dict[str, dict[str, str]] = {
    "corpus": {
        **_same_names("clusterer.articles", "content_id", "seconds", "tie"),
        **_same_names("clusterer.copies.documents", "find_documents"),
        "items_of": "clusterer.io.inputs:articles_from",
        **_same_names("clusterer.progress", "silent"),
    },
    "evaluate": _same_names(
        "clusterer.evaluation.metrics",
        "Mistake", "PairScores", "Scores", "bcubed", "evaluate", "evaluate_pairs", "link_strength", "mistakes", "worst_first",
    ),
    "files": {
        **_same_names("clusterer.io", "BadRow", "Feed", "Row"),
        **_same_names("clusterer.io.rows", "Layout", "UnreadableDate"),
        "FORMATS": "clusterer.io.formats:FORMATS_BY_NAME",
    },
    "gold": {
        **_same_names("clusterer", "Gold", "read_gold"),
        **_same_names("clusterer.evaluation.gold", "FIELDS", "Judged"),
        "Ours": "clusterer.evaluation.result_file:ResultRow",
        "read_result": "clusterer.evaluation.result_file:read_result",
    },
    "grouping": {
        **_same_names("clusterer.assignments", "first_of_group", "spanning_parents"),
        **_same_names("clusterer.copies.grouping", "clump_centres"),
        **_same_names("clusterer.arrays.linkage", "average_linkage"),
    },
    "lsh": {
        **_same_names("clusterer.arrays.sorting", "distinct", "sort"),
        **_same_names("clusterer.lsh.bands", "band_keys", "band_pairs", "choose_bands", "s_curve"),
        **_same_names("clusterer.lsh.buckets", "bucket_codes", "entries", "union"),
        **_same_names("clusterer.lsh.samples", "containment_pairs", "sampled_keys"),
        "likely": "clusterer.lsh.bands:pairs_with_equal_slots",
        "likely_of_band": "clusterer.lsh.bands:pairs_of_band",
        "likely_pairs": "clusterer.lsh.bands:banded_pairs",
    },
    "minhash": {
        **_same_names("clusterer.lsh", "Scheme", "estimate", "from_datasketch", "signatures", "to_datasketch"),
        **_same_names("clusterer.lsh.datasketch", "SCHEMES"),
        **_same_names("clusterer.lsh.weighted_minhash", "weighted_signatures"),
    },
    "output": {
        **_same_names("clusterer.io", "Quarantine", "atomic_output", "write_rows"),
        **_same_names("clusterer.io.atomic", "appended", "streamed"),
        **_same_names("clusterer.io.rows", "as_json"),
        **_same_names("clusterer.io.added_fields", "ADDABLE"),
        **_same_names("clusterer.io.writers", "form_for", "result_form", "write_result"),
    },
    "pipeline": {
        **_same_names("clusterer.copies.candidates", "band_shape", "shingle", "sketch"),
        **_same_names("clusterer.copies.verify", "verify"),
        **_same_names("clusterer.stories.candidates", "story_candidates", "story_slots"),
        **_same_names("clusterer.stories.texts", "story_texts"),
        "Walk": "clusterer.pipeline:PipelineRun",
        "compare": "clusterer.stories.clustering:score_pairs",
        "near_leads": "clusterer.stories.candidates:prefilter_by_lead",
        "promising": "clusterer.stories.candidates:prefilter_pairs",
        "propose": "clusterer.copies.candidates:generate_candidates",
        "tell_stories": "clusterer.stories.clustering:cluster_stories",
        "walk": "clusterer.pipeline:run_pipeline",
    },
    "records": {
        **_same_names("clusterer", "Article", "Assignment", "Clustering"),
        **_same_names("clusterer.results", "Backend", "LEVELS", "Level", "Relation"),
    },
    "spark_cli": {
        **_same_names("clusterer.cli.spark", "as_lines", "cluster_on_spark", "engine_options"),
        **_same_names("clusterer.spark.session", "QUIET", "session"),
    },
    "tuning": {
        **_same_names("clusterer", "Tuning", "tune"),
        **_same_names("clusterer.evaluation.choice", "Wish", "choose"),
        **_same_names("clusterer.evaluation.sweeps", "COPY_AXES", "CurveBin", "GRID", "Tried"),
        **_same_names("clusterer.evaluation.tuning", "STAYS", "figures"),
    },
}  # fmt: skip
"""Old module of `clusterer`, to old name, to new place as "module:name"."""


def moved_names(module: str) -> Callable[[str], object]:
    """The ``__getattr__`` of an old module.

    Args:
        module: its full name.

    Returns:
        A function of a name that warns and gives what the name stands for now; `AttributeError` where there never was one.
    """

    def __getattr__(name: str) -> object:
        place = MOVED[module.removeprefix("clusterer.")].get(name)
        if place is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        home, new_name = place.split(":")
        message = f"{module}.{name} is {home}.{new_name} now; the old path goes with the next release"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return getattr(import_module(home), new_name)

    return __getattr__


class _OldModules(MetaPathFinder, Loader):
    """Finds modules that are gone as empty ones that know where their names went."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, _, name = fullname.partition(".")
        return ModuleSpec(fullname, self) if package == "clusterer" and name in MOVED else None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None  # the usual kind

    def exec_module(self, module: ModuleType) -> None:
        module.__doc__ = "An old path; see clusterer.deprecated."
        module.__dict__["__getattr__"] = moved_names(module.__name__)


def install() -> None:
    """Let ``import clusterer.files`` and the like find the old modules. Modules that exist are found before."""
    if not any(type(finder).__name__ == _OldModules.__name__ for finder in sys.meta_path):
        sys.meta_path.append(_OldModules())
