"""Sweeps on disk: Parquet, with the hashes of what the figures come from inside.

A large sweep is a folder with one file a chunk, each written to a temporary place and moved, so that a sweep that was
stopped, by whatever, goes on where it was.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from aie_explorer.errors import ExportError, MissingExtraError
from aie_explorer.files import replaced
from aie_explorer.search.sweep import Sweep, cycle_model_digest

MANIFEST = "sweep.json"
FORMAT = 1
WHAT = {"networks": "networks", "cycle_model": "a cycle model", "sweep": "values", "chunks": "a number of parts",
        "format": "a format"}
"""What the entries of a manifest are of, in words."""
_PART = re.compile(r"part-([0-9]{6}|[1-9][0-9]{6,})\.parquet")  # what _part() names


@dataclass(frozen=True)
class StoredSweep:
    """A sweep in a folder.

    Attributes:
        path: the folder.
        chunks: how many it has.
        done: how many are there.
        rows: designs in them.
    """

    path: Path
    chunks: int
    done: int
    rows: int

    @property
    def complete(self) -> bool:
        """Whether all is there."""
        return self.done == self.chunks

    def frame(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """The table, or some of its columns.

        Raises:
            ExportError: when a file cannot be read.
        """
        return read_sweep(self.path, columns)


def open_store(path: str | Path, sweep: Sweep) -> list[int]:
    """Make the folder of a sweep, or find it, and say which chunks are still missing.

    Raises:
        ExportError: when the folder holds something else, or another sweep.
        MissingExtraError: without pyarrow.
    """
    need_parquet()
    folder = Path(path)
    stamp = {"format": FORMAT, **sweep.stamp, "chunks": len(sweep.chunks)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # files under way, also those of a sweep that was killed, have a name that begins with a dot
        held = sorted(name for name in os.listdir(folder) if not name.startswith((f".{MANIFEST}.", ".part-")))
    except OSError as error:
        raise ExportError(f"cannot be written: {error.strerror}", where=str(folder)) from None
    if MANIFEST not in held:
        if held:
            raise ExportError("is not empty and holds no sweep", where=str(folder), remedy="Choose another folder")
        _write_once(folder / MANIFEST, json.dumps(stamp, indent=2).encode())
    found = _manifest(folder)
    if found != stamp:
        what = [WHAT[key] for key in stamp if found.get(key) != stamp[key]]
        raise ExportError(f"holds another sweep: it has {', '.join(what)} of its own", where=str(folder),
                          remedy="Choose another folder, or repeat the call that began it")
    return [index for index in range(len(sweep.chunks)) if _part(index) not in held]


def store_chunk(path: str | Path, index: int, frame: pd.DataFrame) -> None:
    """Write one chunk, all of it or nothing.

    Raises:
        ExportError: when it cannot be written.
    """
    write_parquet(frame, Path(path) / _part(index))


def stored(path: str | Path) -> StoredSweep:
    """What is in the folder of a sweep.

    Raises:
        ExportError: when it holds none, or a part is damaged.
    """
    import pyarrow.parquet as pq

    folder = Path(path)
    chunks, parts = _finished(folder)
    rows = 0
    for part in parts:
        try:
            rows += pq.read_metadata(part).num_rows
        except (OSError, ValueError) as error:
            raise _unreadable(part, error) from None
    return StoredSweep(folder, chunks, len(parts), rows)


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write a table with its hashes (`frame.attrs`), all of it or nothing.

    Raises:
        ExportError: when it cannot be written.
        MissingExtraError: without pyarrow.
    """
    need_parquet()
    try:
        with replaced(path) as file:
            frame.to_parquet(file, index=False)
    except OSError as error:
        raise ExportError(f"cannot be written: {error.strerror or error}", where=str(path),
                          remedy="What was finished is kept; make room and repeat the call to go on") from None


def read_sweep(path: str | Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """A sweep that was saved, from its folder or file. One costed by another cycle model is read with a warning.

    Args:
        path: folder or .parquet file.
        columns: only these.

    Raises:
        ExportError: when it is no sweep or is damaged.
        MissingExtraError: without pyarrow.
    """
    need_parquet()
    place = Path(path)
    parts = [place]
    if place.is_dir():
        chunks, parts = _finished(place)
        if len(parts) < chunks:
            warnings.warn(f"{place}: {chunks - len(parts)} of {chunks} parts of the sweep are missing; repeat the call "
                          "that began it to go on", stacklevel=2)
    frames = []
    for part in parts:
        try:
            frames.append(pd.read_parquet(part, columns=None if columns is None else list(columns)))
        except FileNotFoundError:
            raise ExportError("does not exist", where=str(part)) from None
        except (OSError, ValueError, KeyError) as error:  # pyarrow's errors are of these
            raise _unreadable(part, error) from None
    if not frames:
        raise ExportError("holds no finished part of a sweep", where=str(place))
    stamps = [frame.attrs for frame in frames]
    if "cycle_model" not in stamps[0]:
        raise ExportError("was not written by a sweep", where=str(place), remedy="Read it with pandas.read_parquet")
    if any(stamp.get("cycle_model") != cycle_model_digest() for stamp in stamps):
        warnings.warn(f"{place}: the figures were costed with another version of the cycle model; cost the sweep again",
                      stacklevel=2)
    return concat(frames)


def concat(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Stack tables whose columns of few words may hold different words; a column that one lacks is empty there."""
    if len(frames) == 1:
        return frames[0]
    attrs = dict(frames[0].attrs)
    words: dict[str, dict[str, None]] = {}
    for frame in frames:
        for column in frame.select_dtypes("category").columns:
            words.setdefault(column, {}).update(dict.fromkeys(frame[column].cat.categories))
    kinds = {column: pd.CategoricalDtype(list(found)) for column, found in words.items()}
    alike = [frame.astype({column: kind for column, kind in kinds.items() if column in frame}) for frame in frames]
    for frame in alike:
        frame.attrs = {}
    stacked = pd.concat(alike, ignore_index=True)
    stacked.attrs = attrs
    return stacked


def need_parquet() -> None:
    """Raises MissingExtraError without pyarrow."""
    if importlib.util.find_spec("pyarrow") is None:
        raise MissingExtraError("pyarrow", "parquet", "saving a sweep")


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / MANIFEST).read_text("utf-8"))
    except OSError:
        raise ExportError("holds no sweep", where=str(folder)) from None
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("format") != FORMAT or not _is_count(found.get("chunks")):
        raise ExportError("is damaged or of another version", where=str(folder / MANIFEST))
    return found


def _is_count(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number >= 0


def _finished(folder: Path) -> tuple[int, list[Path]]:
    """How many chunks a stored sweep has, and the files of those that are there, in order."""
    chunks = int(_manifest(folder)["chunks"])
    numbers = (_PART.fullmatch(name) for name in os.listdir(folder))
    held = sorted(int(number[1]) for number in numbers if number)
    return chunks, [folder / _part(index) for index in held if index < chunks]


def _part(index: int) -> str:
    return f"part-{index:06d}.parquet"


def _unreadable(part: Path, error: Exception) -> ExportError:
    return ExportError(f"cannot be read: {(str(error).splitlines() or [''])[0]}", where=str(part))


def _write_once(path: Path, data: bytes) -> None:
    """Write a file whole; one that another process wrote meanwhile stays."""
    name = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(name, 0o644)
        try:
            os.link(name, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            os.replace(name, path)
    except OSError as error:
        raise ExportError(f"cannot be written: {error.strerror}", where=str(path)) from None
    finally:
        if name is not None:
            Path(name).unlink(missing_ok=True)
