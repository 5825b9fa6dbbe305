"""`python -m clusterer`: the command without its name on the path."""

from __future__ import annotations

from clusterer.cli.main import main

main()
