"""The exception tree. Every message names the value, the rule it broke and the cure.

Nothing here formats tables or logs: callers raise, the command line prints one line and exits with 1.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable

_NO_MEMORY = ("can't start new thread", "failed to map segment", "annot allocate memory")
"""Of a thread without room for its stack, and of a library that could not be loaded."""
_MOST_CAUSES = 10
CHANGED = "an input changed between its two readings; cure: run again on files at rest"
"""What an `InputError` says where an input is read twice."""
OUT_OF_MEMORY = (
    "no memory is left, of the machine or of a limit on it (ulimit -v, a container); cure: --memory with less than there is,"
    " --threads 1, a higher limit, or fewer other programs"
)
"""What is said where that is so (`is_out_of_memory`)."""


class ClustererError(Exception):
    """Base of all errors that a user can mend; anything else that escapes is a defect of ours."""


class SettingsError(ClustererError, ValueError):
    """A setting is out of its range, of a wrong type, or contradicts another one."""


class InputError(ClustererError, ValueError):
    """An input cannot be read at all (missing file, unknown format, no usable column).

    A single bad row is never an `InputError`: it goes to quarantine and the run goes on.
    """


class UnusableInput(InputError):
    """Nothing of one input can be read. Beside others that can it is set aside, named, and the run goes on."""


class IndexDamaged(InputError):
    """An index file is damaged or forged: what stands in it is not what an index writes; says what, and what to do."""


class MissingNameError(InputError, AttributeError):
    """An object of ours does not have the attribute that was asked for, or not yet; says what gives it."""


class OutputError(ClustererError, OSError):
    """An output cannot be written (folder missing, disk full, target is a folder)."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, or one that it came of, is that the machine has no memory left, or a limit on it: no defect of anyone.

    >>> is_out_of_memory(OSError(errno.ENOMEM, "Cannot allocate memory")), is_out_of_memory(OSError(errno.ENOENT, "No such file"))
    (True, False)
    """
    found: BaseException | None = error
    for _ in range(_MOST_CAUSES):
        if found is None:
            break
        if isinstance(found, MemoryError) or getattr(found, "errno", None) == errno.ENOMEM:  # Arrow's is a MemoryError
            return True
        if isinstance(found, RuntimeError | ImportError) and any(words in str(found) for words in _NO_MEMORY):
            return True
        found = found.__cause__ or found.__context__
    return False


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """The opening of a cure: which of some known names is close to one that is not known; "" where none is.

    >>> did_you_mean("titel", ["text", "title"])
    "did you mean 'title'? "
    """
    import difflib  # few runs meet a name that is not known

    near = difflib.get_close_matches(str(name), list(known), 1)
    return f"did you mean {near[0]!r}? " if near else ""
