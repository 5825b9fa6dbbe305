"""`python -m clusterer`: the command without its name on the path."""

from clusterer.cli import main

main()
