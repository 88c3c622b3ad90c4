"""The state behind the widgets, without widgets: undo and redo, tables of designs, the file they are kept in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from aie_explorer.design import Design
from aie_explorer.devices import Device
from aie_explorer.errors import AieExplorerError
from aie_explorer.explorer import Explorer
from aie_explorer.widgets import files
from aie_explorer.widgets.code import as_code
from aie_explorer.widgets.query import Mask
from aie_explorer.widgets.state import State, choices_of, selected, start
from aie_explorer.widgets.table import Filters, Table, alike, append, kept, refused, row_of, start_table

MOST_UNDONE = 200


class Session:
    """An exploration under way: the state, those before and after it, and the designs looked at.

    Callbacks come from more than one thread, so every change is made under a lock.

    Args:
        explorer: where it starts; its constraints hold throughout.
        file: where the state is kept, so that it survives the kernel; read if it exists.

    Raises:
        AieExplorerError: when the network has no design on the device.
    """

    def __init__(self, explorer: Explorer, file: str | Path | None = None) -> None:
        self.lock = threading.RLock()
        self.constraints = explorer.constraints
        self.file = None if file is None else Path(file)
        self.unread = ""
        """Why the file could not be used; it is then left as it is until something changes."""
        self._explorer = lru_cache(maxsize=16)(self._made)
        self._first = explorer
        self._tables: dict[Explorer, Table] = {}
        self._masks: tuple[Table, Filters, Mask] | None = None
        self.sweeps: tuple[dict[str, Any], ...] = ()
        self._stored: list[dict[str, Any]] = []
        self.lost = ""
        """Why designs beside the session file were not read."""
        self.version = 1
        self._past: list[State] = []
        self._future: list[State] = []
        restored = self._restored(explorer)
        self.state = restored or start(explorer)
        self.table  # noqa: B018 (made now, so that the first view is complete)
        if restored is None:
            self.say(self.state.note + self.passed_over(self.state))
        self._bare = self.state
        """The state with the words of the step that led to it."""

    def _restored(self, explorer: Explorer) -> State | None:
        if self.file is not None and self.file.exists():
            try:
                restored = files.load(self.file, explorer.network)
                self._explorer(restored.design.device, restored.design.network.batch)
                self._stored = files.designs_of(self.file)
                self.sweeps = tuple(one["sweep"] for one in self._stored if one["sweep"])
                return restored
            except AieExplorerError as error:
                self.unread = str(error)
        return None

    def _made(self, device: Device, batch: int) -> Explorer:
        first = self._first
        if (device, batch) == (first.device, first.network.batch):
            return first
        return Explorer(first.network, device, batch=batch, constraints=self.constraints)

    @property
    def explorer(self) -> Explorer:
        """Of the selected design's device and batch."""
        design = self.state.design
        return self._explorer(design.device, design.network.batch)

    @property
    def table(self) -> Table:
        """The designs looked at on this device, with this batch."""
        explorer = self.explorer
        if explorer not in self._tables:
            self._tables[explorer] = self._complete(explorer, start_table(explorer), self._stored, self.file)
        return self._tables[explorer]

    def _complete(self, explorer: Explorer, table: Table, entries: Sequence[dict[str, Any]], path: Path | None
                  ) -> Table:
        """With the designs that are beside a session file."""
        where = files.where_of(explorer.device, explorer.network.batch)
        for entry in entries:
            if entry["of"] == where and path is not None:
                try:
                    table = append(table, files.stored(entry, path), str(entry["what"]))
                except (AieExplorerError, KeyError, ValueError, ImportError) as error:  # the file may hold anything
                    self.lost = f"a sweep of the session was not read: {error}"
        return table

    @property
    def kept(self) -> Mask:
        """Which of them the filters keep."""
        table, filters = self.table, self.state.filters
        if self._masks is None or self._masks[0] is not table or self._masks[1] != filters:
            self._masks = table, filters, kept(table, filters)
        return self._masks[2]

    def keeping(self, filters: Filters) -> Mask:
        """Which designs other filters would keep."""
        return kept(self.table, filters)

    def say(self, note: str) -> None:
        """Tell the user something; nothing else changes."""
        self.state = replace(self.state, note=note)

    def passed_over(self, best: State, table: Table | None = None) -> str:
        """What of the front would be better than the best that was found, in words; nothing where nothing is."""
        count = refused(table or self.table, best.design, best.objective, best.max_tiles)
        return f"; {count} of the front would be better but cannot be placed or fed: click one to see why" * bool(count)

    @property
    def row(self) -> int | None:
        """The row of the selected design."""
        return row_of(self.table, self.state.design)

    def do(self, step: Callable[[State], State]) -> State:
        """Take a step, which undo takes back; when it fails the state stays as it was.

        Raises:
            AieExplorerError: of the step.
        """
        with self.lock:
            new = step(self.state)
            if new.filters != self.state.filters:
                kept(self.table, new.filters)  # a filter that is not understood is refused here
            if new != self.state:
                self._past = [*self._past[-MOST_UNDONE + 1:], self._bare]
                self._future, self._bare = [], new
            self.state = new
            self._changed()
            return new

    def _changed(self) -> None:
        self.version += 1
        if self.file is not None:
            files.save(self.state, self.file, self._stored)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back."""
        return bool(self._future)

    def undo(self) -> None:
        """Take the last step back."""
        with self.lock:
            if self._past:
                self._future.append(self._bare)
                note, self._bare = self._bare.note, self._past.pop()
                self.state = replace(self._bare, note=f"undone: {note}" if note else "undone")
                self._changed()

    def redo(self) -> None:
        """Take again what was taken back."""
        with self.lock:
            if self._future:
                self._past.append(self._bare)
                self._bare = self._future.pop()
                note = self._bare.note
                self.state = replace(self._bare, note=f"done again: {note}" if note else "done again")
                self._changed()

    def design_of_row(self, index: int) -> Design:
        """The design of a row of the table."""
        return self.explorer.design(self.table.frame.iloc[index])

    def select_point(self, index: int) -> None:
        """Select the design of a row, or of those at the same point of the scatter the best one that filters keep.

        Raises:
            AieExplorerError: when it cannot be placed.
        """
        state = self.state
        rows = alike(self.table, self.kept, index, (state.x, state.y))
        more = f", the best of {len(rows)} at this point" if len(rows) > 1 else ""
        self.do(lambda state: _told(selected(state, self.design_of_row(int(rows[0]))), more))

    def select_row(self, index: int) -> None:
        """Select the design of a row.

        Raises:
            AieExplorerError: when it cannot be placed.
        """
        self.do(lambda state: selected(state, self.design_of_row(index)))

    def other_explorer(self, *, device: str | None = None, batch: int | None = None, plio_bits: int | None = None,
                       clock_mhz: float | None = None) -> Explorer:
        """The explorer of another device, batch, PLIO width or clock.

        Raises:
            AieExplorerError: for one that does not exist, or on which the network does not fit.
        """
        now = self.explorer
        if device is not None and device != files.device_name(now.device):
            made = Explorer(now.network, device, batch=batch, constraints=self.constraints)
        else:
            made = Explorer(now.network, now.device, batch=batch, plio_bits=plio_bits, clock_mhz=clock_mhz,
                            constraints=self.constraints)
        return self._explorer(made.device, made.network.batch)

    def use(self, explorer: Explorer) -> None:
        """Go on with another explorer: the choices stay where they are legal on the same device; else the best.

        Raises:
            AieExplorerError: when there is no design.
        """
        table = start_table(explorer)

        def step(state: State) -> State:
            most = min(state.max_tiles, explorer.device.tiles)
            if explorer.device.name != state.design.device.name:
                most = explorer.device.tiles
            where, why = f"{explorer.device.name}, batch {explorer.network.batch}", ""
            if explorer.device.name == state.design.device.name:
                try:
                    design = Design.of(explorer.network, explorer.device, choices_of(state.design), state.design.copies)
                    return selected(state, design, f"{where}: the same choices")
                except AieExplorerError:
                    why = "the choices are not possible there; "
            fresh = start(explorer, state.objective, most)
            note = f"{where}: {why}{fresh.note}{self.passed_over(fresh, table)}"
            return replace(state, design=fresh.design, max_tiles=most, note=note, pinned=frozenset())

        with self.lock:
            self._tables.setdefault(explorer, self._complete(explorer, table, self._stored, self.file))
            self.do(step)

    def add(self, frame: pd.DataFrame, what: str, arguments: dict[str, Any] | None = None) -> None:
        """Append designs to the table."""
        with self.lock:
            self._tables[self.explorer] = append(self.table, frame, what)
            if arguments is not None:
                self.sweeps = (*self.sweeps, arguments)
            self.say(f"{what}: the table has {len(self.table.frame):,} designs")
            if self.file is not None:
                try:
                    self._stored = [*self._stored, files.store(frame, self.file, self.explorer, what, arguments)]
                except AieExplorerError as error:
                    self.say(f"{self.state.note}; not kept in the session: {error}")
            self._changed()

    def save(self, path: str | Path) -> None:
        """Write the state, and the designs added by sweeps, to a file and files beside it.

        Raises:
            AieExplorerError: when they cannot be written.
        """
        added = [files.store(table.frame, path, explorer, table.note, None) for explorer, table in self._tables.items()
                 ] if self.sweeps else []
        files.save(self.state, path, added)

    def load(self, path: str | Path) -> None:
        """Take the state of a file, and the designs beside it that are of its device and batch.

        Raises:
            AieExplorerError: when it cannot be read, or is of another network.
        """
        with self.lock:
            state, self.lost = files.load(path, self.explorer.network), ""
            self.restore(state)
            self._tables[self.explorer] = self._complete(self.explorer, self.table, files.designs_of(path), Path(path))
            if self.lost:
                self.say(self.lost)

    def restore(self, state: State) -> None:
        """Take a state from elsewhere, such as a file."""
        self._explorer(state.design.device, state.design.network.batch)
        self.do(lambda _: state)

    def code(self, model: str | None = None) -> str:
        """The Python that makes the selected design; see `code.as_code`."""
        name = model or f"{self.state.design.network.name}.h5"
        return as_code(self.state, name, self.constraints, self.sweeps)


def _told(state: State, more: str) -> State:
    return replace(state, note=state.note + more)
