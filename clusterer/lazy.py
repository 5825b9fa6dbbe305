"""Names that a package offers and imports only when they are first asked for. Knows no names of its own.

A type checker cannot follow this: beside it stand the same imports under ``if TYPE_CHECKING``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from importlib import import_module


def importer(
    package: str, names_of_module: Mapping[str, Iterable[str]], packages: Collection[str] = ()
) -> Callable[[str], object]:
    """Return the ``__getattr__`` of a package.

    Args:
        package: its ``__name__``.
        names_of_module: module, relative to the package, to the names that are taken from it.
        packages: packages inside it that are found as attributes, so that ``clusterer.io.read`` needs no import of its own.

    Example:
        >>> load = importer("clusterer", {"settings": ["Settings"]})
        >>> load("Settings").__name__
        'Settings'
    """
    module_of = {name: module for module, names in names_of_module.items() for name in names}

    def __getattr__(name: str) -> object:
        if name in packages:
            return import_module(f"{package}.{name}")
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{module_of[name]}"), name)

    return __getattr__
