"""Beam search: place block after block, keeping the partial placements that promise most.

All partial placements of one step are extended together, in arrays [states, A]. What is kept is ordered by cost so far
plus a bound on the rest (`lookahead`), so where nothing had to be dropped the result is proven to be the best one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from aie_explorer.placement.lookahead import Guide
from aie_explorer.placement.tables import FAR, Bools, Ints, Tables, Words, to_bools, union

Indices = npt.NDArray[np.intp]

_CROWDED = 0.6  # share of the tiles needed, keepouts counted, above which the space left is watched
_WINDOW = 4  # how many times the width of states are looked at for space
_MIX = np.uint64(0x9E3779B97F4A7C15)  # the golden ratio in 64 bits: an odd multiplier that spreads hashes


@dataclass(frozen=True)
class Effort:
    """How much a search may keep.

    Attributes:
        width: partial placements kept after each block.
        branch: anchors tried for the next block of each.
        spread: whole cost of one more column in use. A chain that runs straight east is cheap until it meets the edge
            of the array; this makes it turn earlier.
        from_east: count the columns in use from the east, and of equal anchors try the eastmost first.
    """

    width: int
    branch: int
    spread: int = 0
    from_east: bool = False


@dataclass(frozen=True, eq=False)
class Found:
    """Complete placements, the cheapest first, and the least bound among what was dropped on the way.

    Attributes:
        placements: (whole cost, anchors).
        dropped: nothing that was left out costs less than this.
    """

    placements: tuple[tuple[int, tuple[int, ...]], ...]
    dropped: int

    @property
    def best(self) -> tuple[int, tuple[int, ...]] | None:
        """The cheapest, None when every partial placement dead-ended."""
        return self.placements[0] if self.placements else None


@dataclass(frozen=True, eq=False)
class _States:
    """Partial placements.

    Attributes:
        at: [states, blocks] anchors; those of blocks not yet placed mean nothing.
        total: [states] cost so far plus the bound on the rest.
        deep: [states] columns in use, counted from the west (or from the east, as the effort says).
        used: [states, words] tiles of blocks, then the same number of words for keepouts.
    """

    at: npt.NDArray[np.int32]
    total: Ints
    deep: Ints
    used: Words

    def __len__(self) -> int:
        return len(self.total)

    def pick(self, rows: Indices) -> _States:
        return _States(self.at[rows], self.total[rows], self.deep[rows], self.used[rows])


class Floor:
    """A problem, and how much space is left in it."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.size = tables.columns * tables.rows
        self.keepout = tables.problem.rules.keepout_columns
        needed = sum((b.width + self._kept(i)) * b.height for i, b in enumerate(tables.blocks))
        free = self.size - int(to_bools(tables.used[:len(tables.used) // 2], self.size).sum())
        self.crowded = needed > _CROWDED * free

    def room(self, used: Words, left: Sequence[int]) -> Bools:
        """[states] whether the free stretches of the rows could hold the blocks left, by their tiles alone."""
        tables = self.tables
        widths = frozenset(tables.blocks[i].width + self._kept(i) for i in left)
        needed = sum((tables.blocks[i].width + self._kept(i)) * tables.blocks[i].height for i in left)
        usable = _usable(widths, tables.columns + self.keepout + 1)
        half = used.shape[1] // 2
        barred = to_bools(used[:, :half] | used[:, half:], self.size).reshape(-1, tables.columns, tables.rows)
        # by column the last barred one so far, beginning with one that leaves a keepout's room west of the array
        last = np.empty((len(used), tables.columns + 1, tables.rows), np.int32)
        last[:, 0] = -1 - self.keepout
        last[:, 1:] = np.where(barred, np.arange(tables.columns, dtype=np.int32)[:, None], -1 - self.keepout)
        np.maximum.accumulate(last, axis=1, out=last)
        stretch = np.arange(tables.columns + 1, dtype=np.int32)[:, None] - last - 1
        # a stretch ends at a barred column, or at the east edge
        enough: Bools = ((usable[stretch[:, :-1]] * barred).sum(axis=(1, 2))
                         + usable[stretch[:, -1]].sum(axis=1)) >= needed
        return enough

    def _kept(self, block: int) -> int:
        """Columns a block surely keeps free."""
        return 0 if any(consumer == block for _, consumer in self.tables.sharing) else self.keepout


@lru_cache(maxsize=512)
def _usable(widths: frozenset[int], length: int) -> Ints:
    """[length + 1] by length of a free stretch, the most of it that pieces of these widths fill."""
    most = np.zeros(length + 1, np.int64)
    for reach in range(1, length + 1):
        most[reach] = max([most[reach - 1], *(most[reach - w] + w for w in widths if w <= reach)])
    return most


def search(floor: Floor, guide: Guide, effort: Effort, limit: int = int(FAR)) -> Found:
    """Place blocks in the order of a guide.

    Args:
        floor: the problem.
        guide: the order and what lies ahead.
        effort: what is kept.
        limit: placements that cost this or more are of no interest.
    """
    tables = floor.tables
    states = _States(np.zeros((1, len(tables.blocks)), np.int32), np.array([guide.bound], np.int64),
                     np.zeros(1, np.int64), tables.used[None, :].copy())
    dropped, placed = int(FAR), list[int]()
    for step, block in enumerate(guide.order):
        legal, total = _extended(tables, guide, states, placed, block)
        total[~legal] = FAR
        total[total >= limit] = FAR
        placed.append(block)
        states, cut = _kept(floor, states, total, effort, block, placed, guide.order[step + 1:])
        dropped = min(dropped, cut)
        if not len(states):
            break
    found = sorted((int(total), tuple(at)) for total, at in zip(states.total, states.at.tolist(), strict=True))
    return Found(tuple(found), dropped)


def _extended(tables: Tables, guide: Guide, states: _States, placed: Sequence[int], block: int
              ) -> tuple[Bools, Ints]:
    """[states, A] where the next block may lie, and what the whole then costs at least."""
    size, count = tables.columns * tables.rows, len(states)
    barred = union(tables.conflicts(other, block)[states.at[:, other]] for other in placed)
    open_words = np.broadcast_to(tables.allowed_words[block], (count, len(tables.allowed_words[block])))
    legal = to_bools(open_words if barred is None else open_words & ~barred, size)
    along, up = np.zeros((count, tables.columns), np.int64), np.zeros((count, tables.rows), np.int64)
    base, known, ahead = states.total.copy(), set(placed), guide.ahead[block]
    for number in tables.links_of[block]:
        link = tables.links[number]
        other = link.other(block)
        if other not in known:
            continue
        column, row = np.divmod(states.at[:, other], tables.rows)
        along += link.along[column] if link.producer == other else link.along.T[column]
        up += link.up[row] if link.producer == other else link.up.T[row]
        if number == guide.parent[block] and ahead is not None:
            base -= ahead[states.at[:, other]]
        else:
            base -= guide.least[number]
    within = guide.within[block]
    total: Ints = (base[:, None, None] + along[:, :, None] + up[:, None, :]).reshape(count, size) + within[None, :]
    return legal, total - (int(within.min()) if guide.parent[block] < 0 else 0)


def _kept(floor: Floor, states: _States, total: Ints, effort: Effort, block: int, placed: Sequence[int],
          left: Sequence[int]) -> tuple[_States, int]:
    """The most promising extensions, and the least total among those that were dropped."""
    rows, anchors, values, deep, cut = _chosen(floor.tables, states, total, effort, block)
    at = states.at[rows]
    at[:, block] = anchors
    grown = _States(at, values, deep, states.used[rows] | floor.tables.covers(block)[anchors])
    grown = grown.pick(_distinct(floor.tables, grown, placed, left))
    if left and floor.crowded and len(grown):
        window = grown.pick(np.arange(min(len(grown), _WINDOW * effort.width)))
        keep = np.flatnonzero(floor.room(window.used, left))[:effort.width]
    else:
        keep = np.arange(min(len(grown), effort.width))
    if len(keep) < len(grown):
        others = np.ones(len(grown), np.bool_)
        others[keep] = False
        cut = min(cut, int(grown.total[others].min()))
    return grown.pick(keep), cut


def _chosen(tables: Tables, states: _States, total: Ints, effort: Effort, block: int
            ) -> tuple[Indices, Indices, Ints, Ints, int]:
    """The extensions tried, best score first: their state, anchor, total and depth; and the least total left out.

    Ties are broken by the anchor and the state, so that every sort and every machine agrees.
    """
    size, width = total.shape[1], tables.blocks[block].width
    column, row = np.divmod(np.arange(size), tables.rows)
    edge = tables.columns - column if effort.from_east else column + width
    rank = (tables.columns - 1 - column) * tables.rows + row if effort.from_east else np.arange(size)
    deep = np.maximum(states.deep[:, None], edge[None, :])
    score = total + effort.spread * deep if effort.spread else total
    cut = int(FAR)
    if effort.branch < size and len(states):
        columns = np.argpartition(score * size + rank, effort.branch - 1, axis=1)[:, :effort.branch]
        rest = total.copy()
        np.put_along_axis(rest, columns, FAR, axis=1)
        cut = int(rest.min())
        rows, anchors = np.repeat(np.arange(len(states)), columns.shape[1]), columns.ravel()
        real = np.flatnonzero(total[rows, anchors] < FAR)
        rows, anchors = rows[real], anchors[real]
    else:
        rows, anchors = np.nonzero(total < FAR)
    order = np.lexsort((rank[anchors], rows, score[rows, anchors]))
    rows, anchors = rows[order], anchors[order]
    return rows, anchors, total[rows, anchors], deep[rows, anchors], cut


def _distinct(tables: Tables, states: _States, placed: Sequence[int], left: Iterable[int]) -> Indices:
    """Of states with the same tiles in use and the same open ends, the first; they cannot differ in what follows."""
    ahead = set(left)
    ends = [b for b in placed if any(tables.links[i].other(b) in ahead for i in tables.links_of[b])]
    key = np.zeros(len(states), np.uint64)
    for column in (*states.used.T, *states.at[:, ends].T):
        key = (key ^ column.astype(np.uint64)) * _MIX
        key ^= key >> np.uint64(29)
    _, first = np.unique(key, return_index=True)
    return np.sort(first)
