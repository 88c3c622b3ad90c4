"""Collecting the chunks of a sweep into a table or a folder; what interrupts it costs no finished chunk."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from aie_explorer.errors import DesignError
from aie_explorer.search.run import Progress, WorkersLostError, run
from aie_explorer.search.store import concat, open_store, store_chunk
from aie_explorer.search.sweep import Chunk, Sweep

Cancel = Callable[[], bool]


def table_of_sweep(sweep: Sweep, *, executor: Any = None, progress: Progress | None = None,
                   cancel: Cancel | None = None, resume: pd.DataFrame | None = None) -> pd.DataFrame:
    """The table of a sweep; interrupted that of its finished chunks, with a warning.

    Raises:
        DesignError: when `resume` is of another sweep, or nothing was finished.
    """
    finished = {} if resume is None else parts_of(resume, sweep)
    if not collect(sweep, finished, executor=executor, progress=progress, cancel=cancel):
        warnings.warn(f"interrupted: {len(finished)} of {len(sweep.chunks)} chunks are finished; pass this table as "
                      "resume to go on", stacklevel=3)
    return table_of(sweep, finished)


def collect(sweep: Sweep, finished: dict[int, pd.DataFrame], *, executor: Any = None, progress: Progress | None = None,
            cancel: Cancel | None = None) -> bool:
    """Add the missing chunks to `finished`.

    Returns:
        Whether all are there; not so when `cancel` said so, the keyboard interrupted, or workers were lost.
    """
    wanted = [index for index in range(len(sweep.chunks)) if index not in finished]
    return _each(sweep, wanted, finished.__setitem__, executor, progress, cancel)


def collect_into(path: str | Path, sweep: Sweep, *, executor: Any = None, progress: Progress | None = None,
                 cancel: Cancel | None = None) -> bool:
    """Write the missing chunks of a sweep into its folder; says whether all are there.

    Raises:
        ExportError: when the folder holds something else, or cannot be written.
    """
    wanted = open_store(path, sweep)
    complete = _each(sweep, wanted, lambda index, frame: store_chunk(path, index, _stamped(sweep, index, frame)),
                     executor, progress, cancel)
    if not complete:
        warnings.warn(f"interrupted: what is finished is in {path}; repeat the call to go on", stacklevel=3)
    return complete


def _each(sweep: Sweep, wanted: list[int], keep: Callable[[int, pd.DataFrame], None], executor: Any,
          progress: Progress | None, cancel: Cancel | None) -> bool:
    total = sum(_designs(chunk) for chunk in sweep.chunks)
    done = total - sum(_designs(sweep.chunks[index]) for index in wanted)
    running = run(sweep, wanted, executor)
    try:
        if progress:
            progress(done, total)
        for index, frame in running:
            keep(index, frame)
            done += _designs(sweep.chunks[index])
            if progress:
                progress(done, total)
            if cancel is not None and done < total and cancel():
                return False
    except KeyboardInterrupt:
        return False
    except WorkersLostError as error:
        warnings.warn(str(error), stacklevel=4)
        return False
    finally:
        running.close()  # type: ignore[attr-defined]
    return True


def _designs(chunk: Chunk) -> int:
    return max(chunk.end - chunk.begin, 1)  # a front counts as one


def _stamped(sweep: Sweep, index: int, frame: pd.DataFrame) -> pd.DataFrame:
    frame.attrs |= {**sweep.stamp, "chunk": index}
    return frame


def table_of(sweep: Sweep, finished: dict[int, pd.DataFrame]) -> pd.DataFrame:
    """The table of the finished chunks, in their order.

    Its `attrs` hold the size of the whole product, whether it was sampled, hashes of what the figures come from, and
    which chunks it has with the rows of each.

    Raises:
        DesignError: when not one chunk is finished.
    """
    if not finished:
        raise DesignError("was interrupted before anything was finished", where="sweep")
    order = sorted(finished)
    lost = max(float(finished[index].attrs.get("lost", 0.0)) for index in order)
    frame = concat([finished[index] for index in order])
    attrs: dict[Hashable, Any] = {"combinations": sweep.size, "sampled": sweep.sampled, "lost": lost,
                                  "complete": len(finished) == len(sweep.chunks),
                                  "chunks": [[index, len(finished[index])] for index in order]}
    attrs.update(sweep.stamp)
    frame.attrs = attrs
    return frame


def parts_of(frame: pd.DataFrame, sweep: Sweep) -> dict[int, pd.DataFrame]:
    """The chunks that an interrupted sweep's table holds.

    Raises:
        DesignError: when it is not of this sweep.
    """
    if not isinstance(frame, pd.DataFrame) or frame.attrs.get("sweep") != sweep.stamp["sweep"]:
        raise DesignError("is no table of this sweep", where="resume",
                          remedy="Pass what the same call returned when it was interrupted, unchanged")
    chunks = frame.attrs["chunks"]
    begins = np.cumsum([0, *(rows for _, rows in chunks)])
    if begins[-1] != len(frame):
        raise DesignError("has lost or gained rows since", where="resume")
    return {index: frame.iloc[begin:begin + rows] for (index, rows), begin in zip(chunks, begins, strict=False)}
