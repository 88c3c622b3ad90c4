"""Which points nothing else beats."""

from __future__ import annotations

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


class Staircase:
    """The least cost for at most so many tiles and at most such an interval, on the grid of both.

    On this grid the front of three objectives is found without comparing points with one another.

    Args:
        ranks: number of distinct intervals; a point names its interval by its place among them.
        most_tiles: of a point.
        shelf: staircases of one size share an array: [staircases, cells].
        place: of this one there.
    """

    def __init__(self, ranks: int, most_tiles: int, shelf: Points | None = None, place: int = 0) -> None:
        self._shape = (ranks + 1, most_tiles + 2)  # a border of nothing at the low ends
        self._shelf = np.full((1, self._shape[0] * self._shape[1]), np.inf) if shelf is None else shelf
        self._place = place
        self.least = self._shelf[place].reshape(self._shape)

    def least_of(self, others: list[Staircase], tiles: npt.NDArray[np.int64], rank: npt.NDArray[np.int64]) -> Points:
        """[others, points] the least cost of what is on other staircases of the shelf, by tiles and interval."""
        cell = (rank + 1) * self._shape[1] + (tiles + 1)
        found: Points = self._shelf[np.array([other._place for other in others])[:, None], cell[None, :]]
        return found

    def add(self, others: list[Staircase]) -> None:
        """Put on this staircase what is on others of the same size."""
        for other in others:
            np.minimum(self.least, other.least, out=self.least)

    def front(self, tiles: npt.NDArray[np.int64], rank: npt.NDArray[np.int64], cost: npt.NDArray[np.float64]
              ) -> npt.NDArray[np.intp]:
        """Indices of the points that no other, and nothing on the staircase, equals or beats; they are then on it.

        Of equal points one is kept, the first.
        """
        cell = (rank + 1) * self._shape[1] + (tiles + 1)
        grid = np.full(self._shape, np.inf)
        np.minimum.at(grid.ravel(), cell, cost)
        before = self.least.copy()
        np.minimum(grid, before, out=self.least)
        np.minimum.accumulate(self.least, axis=0, out=self.least)
        np.minimum.accumulate(self.least, axis=1, out=self.least)
        better = np.zeros(self._shape, np.bool_)
        better[1:, 1:] = grid[1:, 1:] < np.minimum(np.minimum(self.least[:-1, 1:], self.least[1:, :-1]), before[1:, 1:])
        cells = np.flatnonzero(better)
        best = np.flatnonzero(cost == grid.ravel()[cell])[::-1]
        owner = np.empty(grid.size, np.intp)
        owner[cell[best]] = best  # of several the last to be written, which is the first
        return np.sort(owner[cells])


def staircases(count: int, ranks: int, most_tiles: int) -> list[Staircase]:
    """Empty staircases of one size."""
    shelf = np.full((count, (ranks + 1) * (most_tiles + 2)), np.inf)
    return [Staircase(ranks, most_tiles, shelf, place) for place in range(count)]
