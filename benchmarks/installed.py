"""Whether an installed `clusterer` works here: ``python benchmarks/installed.py data/feed.jsonl [compiled|numpy]``.

A script on its own, for an environment that holds nothing but the package, on any system; cibuildwheel and `benchmarks.dist`
run it. Fails where the loops are not those that were to be there, and where compiled ones give other groups than NumPy's.
"""

from __future__ import annotations

import sys

from clusterer import Assignment, __file__ as place, __version__, cluster, dedup
from clusterer.arrays import kernels


def main(feed: str, expected: kernels.Name | None = None) -> None:
    """Group the feed by every kind of loops that is here."""
    if expected and kernels.active != expected:
        raise SystemExit(f"{place} has {kernels.active} loops, not {expected}")
    found: list[tuple[list[Assignment], list[str]]] = []
    for name in kernels.modules:
        kernels.use(name)
        found.append((list(cluster(feed)), dedup(feed).kept_ids))
    articles, kept = found[0]
    if not kept or any(other != found[0] for other in found):
        raise SystemExit(f"{place}: {' and '.join(kernels.modules)} loops give different groups")
    loops = " and ".join(sorted(kernels.modules))
    print(
        f"clusterer {__version__}, Python {sys.version.split()[0]}: {len(articles)} articles, {len(kept)} kept, by {loops}"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])  # type: ignore[arg-type]
