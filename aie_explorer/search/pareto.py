"""Which points nothing else beats."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def nondominated(points: npt.NDArray[np.float64], *, keep_equal: bool = False) -> npt.NDArray[np.intp]:
    """Indices of the Pareto front, ascending; every column is to be made small.

    Args:
        points: [count, objectives].
        keep_equal: keep every copy of a point on the front instead of the first alone.

    >>> nondominated(np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0]])).tolist()
    [0, 1]
    """
    if len(points) == 0:
        return np.empty(0, np.intp)
    # The sum of a point's ranks is smaller than that of every point it beats (ranks are integers: no rounding),
    # so the smallest of those left is on the front, and it clears away much of what it beats.
    ranks = np.stack([np.unique(column, return_inverse=True)[1].ravel() for column in points.T], axis=1)
    left = np.argsort(ranks.sum(axis=1), kind="stable")
    front: list[npt.NDArray[np.intp]] = []
    while len(left):
        best = left[0]
        beaten = np.all(ranks[left] >= ranks[best], axis=1)
        equal = beaten & np.all(ranks[left] == ranks[best], axis=1)
        front.append(left[equal] if keep_equal else left[:1])
        left = left[~beaten]
    return np.sort(np.concatenate(front))
