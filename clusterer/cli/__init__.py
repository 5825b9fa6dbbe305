"""The `clusterer` command: options, one file a command, what the terminal shows.

Parses, calls one library object, prints. Holds no logic that a library user would miss.

Private: nothing in it is part of the public surface.
"""

__all__: list[str] = []
