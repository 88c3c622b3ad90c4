"""Running a sweep's chunks: here, in local processes, or on a Dask cluster; what is finished is never lost."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pandas as pd

from aie_explorer.arguments import shown
from aie_explorer.errors import AieExplorerError, DesignError
from aie_explorer.search.sweep import Combination, Sweep, cost_chunk

Progress = Callable[[int, int], None]
"""Called with (done, total) designs as a sweep goes on."""
Finished = tuple[int, pd.DataFrame]
TRIES = 3
AHEAD = 2  # chunks waiting for each worker


class WorkersLostError(AieExplorerError):
    """Processes that cost chunks died again and again."""


def run(sweep: Sweep, wanted: Sequence[int], executor: Any = None) -> Iterator[Finished]:
    """Cost chunks of a sweep; each is given as it is finished, in any order.

    Args:
        sweep: all of it.
        wanted: which chunks.
        executor: None to cost them here; a number of local processes; a concurrent.futures.Executor; or a
            dask.distributed.Client.

    Raises:
        DesignError: for another executor.
        WorkersLostError: when processes die three times in a row.
    """
    if executor is None:
        return _here(sweep, wanted)
    if isinstance(executor, int) and not isinstance(executor, bool) and executor >= 1:
        return _in_processes(sweep, wanted, executor)
    if isinstance(executor, futures.Executor):
        return _on_executor(sweep, list(wanted), executor)
    if type(executor).__module__.partition(".")[0] == "distributed":
        return _on_dask(sweep, wanted, executor)
    raise DesignError(f"is {shown(executor)}", where="executor", remedy="Use None, a number of processes from 1, a "
                      "concurrent.futures.Executor or a dask.distributed.Client")


def _here(sweep: Sweep, wanted: Sequence[int]) -> Iterator[Finished]:
    for index in wanted:
        chunk = sweep.chunks[index]
        yield index, cost_chunk(sweep.combinations[chunk.combination], chunk)


def _in_processes(sweep: Sweep, wanted: Sequence[int], count: int) -> Iterator[Finished]:
    """Local processes; when one is killed, the chunks it had are costed again by new ones."""
    left, tries = list(wanted), 0
    context = multiprocessing.get_context("spawn")  # a fork of a process with threads, as a notebook's, can hang
    while left:
        pool = futures.ProcessPoolExecutor(count, context)
        try:
            for index, frame in _on_executor(sweep, left, pool):
                left.remove(index)
                tries = 0
                yield index, frame
        except BrokenProcessPool as error:
            tries += 1
            if tries == TRIES:
                raise WorkersLostError(f"the processes died {TRIES} times in a row", where="executor",
                                       remedy="Use fewer processes; memory may be short") from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _on_executor(sweep: Sweep, wanted: list[int], pool: futures.Executor) -> Iterator[Finished]:
    waiting, running = list(wanted), dict[futures.Future[pd.DataFrame], int]()
    ahead = AHEAD * (getattr(pool, "_max_workers", None) or multiprocessing.cpu_count())
    try:
        while waiting or running:
            while waiting and len(running) < ahead:
                chunk = sweep.chunks[waiting[0]]
                running[pool.submit(cost_chunk, sweep.combinations[chunk.combination], chunk)] = waiting[0]
                waiting.pop(0)
            for future in futures.wait(running, return_when=futures.FIRST_COMPLETED).done:
                index = running.pop(future)
                yield index, future.result()
    finally:
        for future in running:
            future.cancel()


def _on_dask(sweep: Sweep, wanted: Sequence[int], client: Any) -> Iterator[Finished]:
    """A Dask cluster, which itself costs again what a lost worker had."""
    from distributed import as_completed

    # as tasks, since what is scattered is lost for good with the worker that holds it
    shared = [client.submit(_itself, one, pure=False) for one in sweep.combinations]
    made = {client.submit(cost_chunk, shared[sweep.chunks[index].combination], sweep.chunks[index], pure=False): index
            for index in wanted}
    try:
        for future, frame in as_completed(made, with_results=True):
            yield made.pop(future), frame
            future.release()
    finally:
        client.cancel(list(made))


def _itself(one: Combination) -> Combination:
    return one
