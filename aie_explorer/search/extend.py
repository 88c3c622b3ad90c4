"""One step of the exact front: every partial design joined with every option of the next segment, and pruned.

What the next segment sees of a partial design is the producer side of its last layer. Its readers are of few kinds by
what they accept, and save something by a direct edge behind one side or a few. So a partial design is worth keeping if
no other that a kind accepts beats it where nothing is saved, or if one is beaten only by less than what a reader saves.
The first are kept by kind, the second by reader.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.search.joints import NO_FACES, distinct, lost, unbeaten
from aie_explorer.search.pareto import Grid, Points, nondominated
from aie_explorer.search.segments import Ints, Rows, Segment, groups

MOST_COMPARED = 2500
"""Options that are compared with one another whatever their faces."""
MOST_EXACT = 2.0**53
"""Integers up to here are exact as floating point."""


@dataclass(frozen=True, eq=False)
class Readers:
    """How a segment reads what is before it.

    Attributes:
        kinds: [kinds, sides] the sides that readers of a kind accept.
        kind_of: by reader that counts its kind.
        early: (reader, side, what it saves) where it accepts the side and saves something.
    """

    kinds: npt.NDArray[np.bool_]
    kind_of: dict[int, int]
    early: list[tuple[int, int, float]]


@dataclass(frozen=True, eq=False)
class State:
    """Partial designs up to a segment; each interval by its place among all that occur.

    Attributes:
        plain: for each kind of the next segment's readers the partial designs that it accepts and no other beats.
        early: (reader, partial designs that count for what it saves, their latency less that).
    """

    tiles: Ints
    rank: Ints
    latency: npt.NDArray[np.float64]
    added: Points
    side: Rows
    option: Rows
    parent: Rows
    plain: list[Rows]
    early: list[tuple[int, Rows, npt.NDArray[np.float64]]]


@dataclass(frozen=True, eq=False)
class Step:
    """A segment that is joined to what is before it, and what of that does not depend on the partial designs.

    Attributes:
        segment: which.
        rank: by option its interval.
        options_of: by reader that counts its options.
        options_of_kind: for each kind of readers their options, without those that another of them beats where
            nothing is saved.
        behind: the readers of the next segment; of the last, one that accepts everything.
    """

    segment: Segment
    rank: Ints
    options_of: dict[int, Rows]
    options_of_kind: list[Rows]
    behind: Readers


def start(objectives: int) -> State:
    """Before the first segment.

    Args:
        objectives: how many add up beside tiles and latency.
    """
    zero, first = np.zeros(1, np.int64), np.zeros(1, np.intp)
    return State(zero, zero, np.zeros(1), np.zeros((1, objectives)), first, first, first, [first], [])


def worthwhile_options(segment: Segment, after: Segment | None) -> Rows:
    """The options of a segment before another, or of the last, of which no other is better.

    One with other interfaces beats an option if these are accepted wherever the option's are, and it is better even by
    what the option may save there and it may not.
    """
    points, faces = _figures(segment), np.stack([segment.reader, segment.side], axis=1)
    if len(points) > MOST_COMPARED:
        return np.sort(np.concatenate([same[nondominated(points[same])] for same in groups(faces)]))
    return unbeaten(points, 2, faces, (lost(segment.accepts, segment.saves, segment.spares), _lost_behind(after)))


def step_of(segment: Segment, values: npt.NDArray[np.float64], after: Segment | None) -> Step:
    """The step of a segment before another, or of the last.

    Args:
        segment: the segment.
        values: the intervals that occur, ascending.
        after: the next segment.
    """
    readers = _readers(segment)
    kind = np.array([readers.kind_of[reader] for reader in segment.reader.tolist()], np.intp)
    options = np.arange(len(kind))
    if len(kind) <= MOST_COMPARED:
        nothing = np.zeros(readers.kinds.shape)
        unsaved = lost(readers.kinds, nothing, np.zeros((*nothing.shape, segment.added.shape[1])))
        options = unbeaten(_figures(segment), 2, np.stack([kind, segment.side], axis=1),
                           (unsaved, _lost_behind(after)))
    sides = int(segment.side.max(initial=0)) + 1
    return Step(segment, np.searchsorted(values, segment.interval).astype(np.int64),
                {reader: np.flatnonzero(segment.reader == reader) for reader in readers.kind_of},
                [options[kind[options] == which] for which in range(len(readers.kinds))],
                Readers(np.ones((1, sides), np.bool_), {0: 0}, []) if after is None else _readers(after))


def _readers(segment: Segment) -> Readers:
    readers = np.unique(segment.reader)
    first, kind = distinct(segment.accepts[readers])
    saves = segment.saves * segment.accepts
    return Readers(segment.accepts[readers[first]], dict(zip(readers.tolist(), kind.tolist(), strict=True)),
                   [(reader, int(side), float(saves[reader, side])) for reader in readers.tolist()
                    for side in np.flatnonzero(saves[reader] > 0)])


def _figures(segment: Segment) -> Points:
    return np.concatenate([np.stack([segment.tiles, segment.interval, segment.latency], axis=1), segment.added], axis=1)


def _lost_behind(after: Segment | None) -> Points:
    """`lost` of the sides before a segment, as those of its options take them that are left."""
    if after is None:
        return NO_FACES
    readers = np.unique(after.reader)
    accepts, saves, spares = after.accepts[readers], after.saves[readers], after.spares[readers]
    return lost(accepts.T, saves.T, spares.transpose(1, 0, 2))


@dataclass(frozen=True, eq=False)
class _Block:
    """Some partial designs, each to be joined with each of some options.

    Attributes:
        rows: which partial designs.
        latency: theirs without what the options save.
        options: which options.
        added: what adds up of the partial designs, without what the options save.
    """

    rows: Rows
    latency: npt.NDArray[np.float64]
    options: Rows
    added: Points


def extended(state: State, step: Step, tiles_by_rank: Ints) -> State:
    """Join every partial design with every option of the next segment, and prune.

    Args:
        state: the partial designs.
        step: the next segment.
        tiles_by_rank: by interval the most tiles of a partial design that can keep to it.
    """
    segment = step.segment
    adds = segment.added.shape[1] > 0
    blocks = _by_reader(state, step) if adds else [
        *(_Block(rows, state.latency[rows], options, state.added[rows])
          for rows, options in zip(state.plain, step.options_of_kind, strict=True)),
        *(_Block(rows, latency, step.options_of[reader], state.added[rows]) for reader, rows, latency in state.early)]
    # a design that takes so many tiles that what follows cannot keep to its interval counts as slow as the fastest
    # that can: that is what it will be at least, and more of them compare
    most = int(tiles_by_rank[-1])
    slowest = np.searchsorted(tiles_by_rank, np.arange(max(most, 0) + 1))
    tiles, rank, latency, place = [], [], [], []
    for block in blocks:
        sums = np.add.outer(state.tiles[block.rows], segment.tiles[block.options]).ravel()
        fits = np.flatnonzero(sums <= most)
        slower = np.maximum.outer(state.rank[block.rows], step.rank[block.options]).ravel()
        later = np.add.outer(block.latency, segment.latency[block.options]).ravel()
        if len(fits) < len(sums):
            sums, slower, later = sums[fits], slower[fits], later[fits]
        tiles.append(sums)
        rank.append(np.maximum(slower, slowest[sums]))
        latency.append(later)
        place.append(fits)
    joined = _Joined(state, segment, blocks, place, np.concatenate(tiles), np.concatenate(rank),
                     np.concatenate(latency))
    if not len(joined.tiles):
        return joined.state_of(np.empty(0, np.intp), [np.empty(0, np.intp) for _ in step.behind.kinds], [])
    return joined.state_of(joined.front(), [], []) if adds else _sifted(joined, step.behind)


def _sifted(joined: _Joined, behind: Readers) -> State:
    """Of joined designs those that the next segment has a use for."""
    kinds, options = behind.kinds, joined.options()
    first, class_of_side = distinct(kinds.T)  # sides that the same kinds accept
    most_saved = np.zeros(kinds.shape[1])
    for _, side, saved in behind.early:
        most_saved[side] = max(most_saved[side], saved)
    side_of = joined.segment.side
    grid = Grid.of(joined.tiles, joined.rank)
    cell = grid.cells(joined.tiles, joined.rank)
    class_of = class_of_side[side_of][options]
    least = grid.least(class_of, cell, joined.latency, len(first))
    by_kind = np.stack([least[accepted].min(axis=0, initial=np.inf) for accepted in kinds[:, first]])
    grid.spread(by_kind)
    # of each class what no kind would take, were the most saved
    limit = np.stack([by_kind[accepting].max(axis=0, initial=-np.inf) for accepting in kinds[:, first].T])
    left = np.flatnonzero(joined.latency - most_saved[side_of][options] <= limit[class_of, cell])
    latency, cell, sides = joined.latency[left], cell[left], side_of[options[left]]
    kept = np.zeros(len(left), np.bool_)
    plain = []
    for accepted, stairs in zip(kinds, by_kind, strict=True):
        best = np.flatnonzero(accepted[sides] & (latency <= stairs[cell]))
        best = best[latency[best] < grid.beside(stairs, cell[best])]
        best = best[np.unique(cell[best], return_index=True)[1]]  # one of equal ones
        kept[best] = True
        plain.append(best)
    early = []
    for reader, side, saved in behind.early:
        rows = np.flatnonzero(sides == side)
        sooner = latency[rows] - saved
        counts = sooner < by_kind[behind.kind_of[reader]][cell[rows]]
        early.append((reader, rows[counts], sooner[counts]))
    early = _swept(early, joined.tiles[left], joined.rank[left])
    for _, rows, _ in early:
        kept[rows] = True
    place = np.cumsum(kept) - 1
    return joined.state_of(left[kept], [place[rows] for rows in plain],
                           [(reader, place[rows], sooner) for reader, rows, sooner in early])


_Early = list[tuple[int, Rows, npt.NDArray[np.float64]]]


def _swept(early: _Early, tiles: Ints, rank: Ints) -> _Early:
    """Without those that another of the same reader and tiles equals or beats."""
    sizes = [len(rows) for _, rows, _ in early]
    if not sum(sizes):
        return early
    rows = np.concatenate([rows for _, rows, _ in early])
    sooner = np.concatenate([latency for _, _, latency in early])
    run = np.repeat(np.arange(len(sizes)), sizes) * (int(tiles.max()) + 1) + tiles[rows]
    cell = run * (int(rank.max()) + 1) + rank[rows]
    order = np.lexsort((sooner, cell))
    order = order[np.diff(cell[order], prepend=-1) > 0]  # the best of each cell
    later, run = sooner[order] - sooner.min(), np.cumsum(np.diff(run[order], prepend=-1) > 0)
    apart = later.max() + 1
    if run[-1] * apart < MOST_EXACT:  # every run is put below all before it: what is least so far is of the same run
        least = np.minimum.accumulate(later - run * apart)
        order = order[np.diff(least, prepend=np.inf) < 0]
    left = np.sort(order)
    return [(reader, rows[own], sooner[own]) for (reader, _, _), own in
            zip(early, np.split(left, np.searchsorted(left, np.cumsum(sizes)[:-1])), strict=True)]


def _by_reader(state: State, step: Step) -> list[_Block]:
    """What each reader accepts and no other beats, with all that it saves."""
    segment = step.segment
    blocks = []
    for reader, options in step.options_of.items():
        rows = np.flatnonzero(segment.accepts[reader][state.side])
        latency = state.latency[rows] - segment.saves[reader][state.side[rows]]
        added = state.added[rows] - segment.spares[reader][state.side[rows]]
        best = nondominated(_points(state.tiles[rows], state.rank[rows], latency, added))
        blocks.append(_Block(rows[best], latency[best], options, added[best]))
    return blocks


@dataclass(frozen=True, eq=False)
class _Joined:
    """Designs of all blocks in a row, those of a block by partial design and option.

    Attributes:
        place: for each block the places of its designs that there are.
    """

    state: State
    segment: Segment
    blocks: list[_Block]
    place: list[Rows]
    tiles: Ints
    rank: Ints
    latency: npt.NDArray[np.float64]

    def options(self) -> Rows:
        """[designs] their options."""
        return np.concatenate([np.broadcast_to(block.options, (len(block.rows), len(block.options))).ravel()[place]
                               for block, place in zip(self.blocks, self.place, strict=True)])

    def front(self) -> Rows:
        """The designs that no other of the same side beats."""
        before, option = self._made_of(np.arange(len(self.tiles)))
        added = np.concatenate([block.added for block in self.blocks])[before] + self.segment.added[option]
        points = _points(self.tiles, self.rank, self.latency, added)
        return np.concatenate([own[nondominated(points[own])] for own in groups(self.segment.side[option][:, None])])

    def state_of(self, designs: Rows, plain: list[Rows], early: list[tuple[int, Rows, npt.NDArray[np.float64]]]
                 ) -> State:
        """Some of them, as partial designs."""
        before, option = self._made_of(designs)
        rows, added = (np.concatenate([getattr(block, name) for block in self.blocks]) for name in ("rows", "added"))
        return State(self.tiles[designs], self.rank[designs], self.latency[designs],
                     added[before] + self.segment.added[option], self.segment.side[option], option, rows[before],
                     plain, early)

    def _made_of(self, designs: Rows) -> tuple[Rows, Rows]:
        """(which of the blocks' partial designs, which option) of each."""
        sizes = [len(place) for place in self.place]
        which = np.repeat(np.arange(len(sizes)), sizes)[designs]
        width = np.array([max(len(block.options), 1) for block in self.blocks])[which]
        row, column = np.divmod(np.concatenate(self.place)[designs], width)
        first_row = np.cumsum([0, *(len(block.rows) for block in self.blocks)])[which]
        first_option = np.cumsum([0, *(len(block.options) for block in self.blocks)])[which]
        return first_row + row, np.concatenate([block.options for block in self.blocks])[first_option + column]


def _points(tiles: Ints, rank: Ints, latency: npt.NDArray[np.float64], added: Points) -> Points:
    return np.concatenate([np.stack([tiles, rank, latency], axis=1), added], axis=1)
