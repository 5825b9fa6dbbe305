"""The work folder of a run: arrays kept by name between a run that was killed and the one that goes on.

A file a name, each whole or absent, checked as it is read; locked as long as a run uses it. Where it cannot be written, the run
goes on without. Knows nothing of what the arrays mean.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import zipfile
from collections.abc import Mapping
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
import orjson
from numpy.typing import NDArray

from clusterer.errors import OutputError
from clusterer.io.atomic import lock

_HEADER = "header"  # a JSON text beside the arrays


class WorkFolder:
    """Arrays by name, in a folder that is made when the first is kept.

    Attributes:
        path: of the folder.
        failure: why it cannot be written, "" while it can.
    """

    def __init__(self, path: str) -> None:
        """Only remember the path; `__enter__` takes it."""
        self.path = path
        self.failure = ""
        self._held: BinaryIO | None = None
        self._going = f"{path}.gone"

    def __enter__(self) -> WorkFolder:
        """Take what a killed run left, where there is anything.

        Raises:
            OutputError: another run uses it.
        """
        shutil.rmtree(self._going, ignore_errors=True)
        if os.path.isdir(self.path):
            self._hold()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go; what is kept stays, `remove` takes it away."""
        if self._held:
            self._held.close()
            self._held = None

    @property
    def is_used(self) -> bool:
        """Whether anything is kept, or was."""
        return self._held is not None

    def place(self, name: str) -> str:
        """The path of a file that somebody else writes here; the folder is made.

        Raises:
            OutputError: it cannot be made, or another run uses it.
        """
        try:
            return self._place(name)
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be made ({error.strerror}); cure: another -o") from None

    def _place(self, name: str) -> str:
        if not self._held:
            os.makedirs(self.path, mode=0o700, exist_ok=True)
            self._hold()
        return os.path.join(self.path, name)

    def put(self, name: str, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep arrays and a JSON object under a name; whole, or not at all where the folder cannot be written."""
        if self.failure:
            return
        try:
            target = self._place(f"{name}.npz")
            text = np.frombuffer(orjson.dumps(header), dtype=np.uint8)
            with open(f"{target}.tmp", "wb") as file:
                np.savez(file, allow_pickle=False, **{_HEADER: text, **arrays})
            os.replace(f"{target}.tmp", target)
        except OSError as error:
            self.failure = error.strerror or str(error)
            self._make_room()

    def get(self, name: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
        """What was kept under a name; None for nothing, or what is not whole."""
        if not self._held:
            return None
        try:
            with np.load(os.path.join(self.path, f"{name}.npz"), allow_pickle=False) as kept:
                arrays = {key: kept[key] for key in kept.files}
            return orjson.loads(arrays.pop(_HEADER).tobytes()), arrays
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def holds(self, name: str) -> bool:
        """Whether anything is kept under a name."""
        return os.path.exists(os.path.join(self.path, f"{name}.npz"))

    def _make_room(self) -> None:
        """Give back what arrays take: where the disk is full, the outputs need it."""
        with contextlib.suppress(OSError):
            for name in os.listdir(self.path):
                if name.endswith((".npz", ".tmp")):
                    os.unlink(os.path.join(self.path, name))

    def remove(self) -> None:
        """Take the folder away, at once for who looks by its name: half of it would mislead the next run."""
        if self._held:
            shutil.rmtree(self._going, ignore_errors=True)
            with contextlib.suppress(OSError):
                os.rename(self.path, self._going)
            shutil.rmtree(self._going, ignore_errors=True)
            self._held.close()
            self._held = None

    def _hold(self) -> None:
        held = open(os.path.join(self.path, "lock"), "ab")  # noqa: SIM115
        if not lock(held.fileno()):
            held.close()
            raise OutputError(f"{self.path}: another run is writing this output; cure: wait for it, or another -o")
        self._held = held
        with contextlib.suppress(OSError):
            for name in os.listdir(self.path):
                if name.endswith(".tmp"):
                    os.unlink(os.path.join(self.path, name))


def packed_texts(texts: list[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Texts as bytes, one after the other, and int64 (n,) how many bytes each has.

    >>> texts_from(*packed_texts(["a", "", "نص"]))
    ['a', '', 'نص']
    """
    raw = [text.encode("utf-8", "surrogatepass") for text in texts]
    return np.frombuffer(b"".join(raw), dtype=np.uint8), np.array([len(x) for x in raw], dtype=np.int64)


def texts_from(data: NDArray[np.uint8], counts: NDArray[np.int64]) -> list[str]:
    """The texts that `packed_texts` packed."""
    raw, ends = data.tobytes(), np.cumsum(counts).tolist()
    return [raw[a:z].decode("utf-8", "surrogatepass") for a, z in zip([0, *ends[:-1]], ends, strict=True)]
