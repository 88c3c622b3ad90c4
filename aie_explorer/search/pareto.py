"""Which points nothing else beats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BLOCK = 64  # points that clear away what they beat, at a time

Points = npt.NDArray[np.float64]
"""[count, objectives]; every column is to be made small."""


def nondominated(points: Points, *, keep_equal: bool = False) -> npt.NDArray[np.intp]:
    """Indices of the Pareto front, ascending; every column is to be made small.

    Args:
        points: [count, objectives].
        keep_equal: keep every copy of a point on the front instead of the first alone.

    >>> nondominated(np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0]])).tolist()
    [0, 1]
    """
    if len(points) == 0:
        return np.empty(0, np.intp)
    # The sum of a point's ranks is smaller than that of every point it beats (ranks are integers: no rounding), so
    # nothing beats the smallest of those left but others of the same block, and they clear away much of what is left.
    ranks = np.stack([np.unique(column, return_inverse=True)[1].ravel() for column in points.T], axis=1)
    left = np.argsort(ranks.sum(axis=1), kind="stable")
    front: list[npt.NDArray[np.intp]] = []
    while len(left):
        block = left[:BLOCK]
        no_worse = _no_worse(ranks[block], ranks[block])
        equal = no_worse & no_worse.T
        # of equal points the first beats the others, unless all are kept: the order is stable
        best = block[~np.any(no_worse & ~(equal if keep_equal else np.tril(equal)), axis=0)]
        front.append(best)
        left = left[BLOCK:]
        covered = _no_worse(ranks[best], ranks[left])
        if keep_equal:
            covered &= ~np.all(ranks[best][:, None] == ranks[left][None], axis=2)
        left = left[~covered.any(axis=0)]
    return np.sort(np.concatenate(front))


def _no_worse(first: npt.NDArray[np.intp], second: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """[first, second] whether a point of the first is no worse in anything."""
    found = np.ones((len(first), len(second)), np.bool_)
    for a, b in zip(first.T, second.T, strict=True):
        found &= a[:, None] <= b[None]
    return found


@dataclass(frozen=True, eq=False)
class Grid:
    """A cell for each number of tiles and each interval that occur, behind a border of nothing at the low ends.

    On it the front of three objectives is found without comparing points with one another.

    Attributes:
        place: by rank of an interval its place among those that occur, from 1.
        first, last: the fewest tiles and the most.
    """

    place: npt.NDArray[np.intp]
    first: int
    last: int

    @staticmethod
    def of(tiles: npt.NDArray[np.int64], rank: npt.NDArray[np.int64]) -> Grid:
        """The grid of some points, one or more."""
        return Grid(np.cumsum(np.bincount(rank) > 0), int(tiles.min()), int(tiles.max()))

    @property
    def row(self) -> int:
        """Cells of one number of tiles."""
        return int(self.place[-1]) + 1

    def cells(self, tiles: npt.NDArray[np.int64], rank: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
        """[points] where each is."""
        cells: npt.NDArray[np.intp] = (tiles - (self.first - 1)) * self.row + self.place[rank]
        return cells

    def least(self, sets: npt.NDArray[np.intp], cells: npt.NDArray[np.intp], cost: npt.NDArray[np.float64], count: int
              ) -> Points:
        """[sets, cells] the least cost of the points of each set in each cell."""
        size = (self.last - self.first + 2) * self.row
        found = np.full(count * size, np.inf)
        np.minimum.at(found, sets * size + cells, cost)
        return found.reshape(count, size)

    def spread(self, least: Points) -> None:
        """Make each cell of [sets, cells] the least of all with no more tiles and no longer interval, in place."""
        grid = least.reshape(len(least), -1, self.row)
        for one in range(1, grid.shape[1]):  # several times faster than to accumulate along an axis
            np.minimum(grid[:, one], grid[:, one - 1], out=grid[:, one])
        for one in range(1, self.row):
            np.minimum(grid[:, :, one], grid[:, :, one - 1], out=grid[:, :, one])

    def beside(self, least: npt.NDArray[np.float64], cells: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """[points] the least of all with fewer tiles or a shorter interval, and no more of the other."""
        found: npt.NDArray[np.float64] = np.minimum(least[cells - 1], least[cells - self.row])
        return found


def fronts_on_grid(sets: npt.NDArray[np.intp], tiles: npt.NDArray[np.int64], rank: npt.NDArray[np.int64],
                   cost: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.intp]:
    """Indices of the points that no other of their set equals or beats, by set; of equal points the first.

    Args:
        sets: [points] which of `count` sets each is of.
        tiles: [points] how many.
        rank: [points] each interval by its place among all.
        cost: [points] what is least.
        count: number of sets.
    """
    grid = Grid.of(tiles, rank)
    cell = grid.cells(tiles, rank)
    least = grid.least(sets, cell, cost, count)
    grid.spread(least)
    flat, cell = least.ravel(), cell + sets * least.shape[1]
    best = np.flatnonzero(cost <= flat[cell])
    best = best[cost[best] < grid.beside(flat, cell[best])]
    return best[np.unique(cell[best], return_index=True)[1]]
