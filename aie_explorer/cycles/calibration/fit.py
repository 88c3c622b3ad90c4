"""Fit the constants to measurements, and say how well they predict what they were not fitted to.

Needs scipy: pip install "aie-explorer[calibration]".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from aie_explorer.cycles.calibration.predict import predict, prepare
from aie_explorer.cycles.calibration.rows import Measurement
from aie_explorer.cycles.constants import Constants
from aie_explorer.errors import MissingExtraError

# What public documents and other kernels say of each constant, before the rows are looked at: an empty call costs
# 19.1 to 20.4 cycles on silicon; a loop of 16 multiply-accumulates with 2 results takes 17 bundles (AMD's tutorial of
# matrix multiplication); a vector operation takes 2 cycles; load (7), multiply-accumulate (6), conversion (4), store
# (7) and the chain of additions (4) of floats; as many instructions to split the operands of an fp32 product as to
# multiply; AIE wrappers take 62 cycles; a word takes 30 from a memory tile into a tile, and a lock 4 (silicon;
# Xilinx/llvm-aie); cascade read (7), multiply-accumulate (5), cascade write (1), load (7) and shift-round-saturate (4).
PRIOR = Constants(call_cycles=20.0, result_cycles=0.5, elementwise_cycles=2.0, float_block_cycles=28.0,
                  fp32_issue_cycles=2.0, wrapper_cycles=62.0, hand_over_cycles=34.0, cascade_drain_cycles=24.0)
PRIOR_SPREAD = 0.3
"""How far a constant may be from what is known of it, relative."""
SPREAD = {"latency": 0.025, "lag": 0.05, "interval": 0.02, "kernel": 0.015}
"""What measurements of one design differ by, relative: by placement alone up to 5 % (latency), by the unknown copy
kernel (lag); kernels have no surroundings."""


def fit(rows: Sequence[Measurement], known: Constants = PRIOR) -> Constants:
    """The most likely constants: least squares of the relative errors and of the distance to what was known before.

    Args:
        rows: measurements.
        known: what is known of the constants before; the search begins there.

    Raises:
        MissingExtraError: without scipy.
    """
    return fit_with_spread(rows, known)[0]


def fit_with_spread(rows: Sequence[Measurement], known: Constants = PRIOR) -> tuple[Constants, Constants]:
    """As `fit`, and the standard error of every constant."""
    return fitted(partial(predict, prepare(rows)), np.array([row.cycles for row in rows]), [row.kind for row in rows],
                  known)


def fitted(predicted: Callable[[Constants], npt.NDArray[np.float64]], cycles: npt.NDArray[np.float64],
           kinds: Sequence[str], known: Constants) -> tuple[Constants, Constants]:
    """The most likely constants, and the standard error of each.

    Args:
        predicted: cycles of every row by some constants.
        cycles: as they were measured.
        kinds: of the rows, for what measurements of one design differ by (SPREAD).
        known: what is known of the constants before; the search begins there.

    Raises:
        MissingExtraError: without scipy.
    """
    try:
        from scipy.optimize import least_squares
    except ImportError:
        raise MissingExtraError("scipy", "calibration", "fitting the constants of the cycle model") from None
    prior = np.array(known.values())
    spread = np.array([SPREAD[kind] for kind in kinds])

    def residuals(scaled: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        errors = predicted(Constants(*(scaled * prior))) / cycles - 1
        return np.concatenate([errors / spread, (scaled - 1) / PRIOR_SPREAD])

    found = least_squares(residuals, np.ones(len(prior)), bounds=(0, np.inf), xtol=1e-9, ftol=1e-9)
    variance = np.diag(np.linalg.inv(found.jac.T @ found.jac))
    return (Constants(*(float(value) for value in found.x * prior)),
            Constants(*(float(value) for value in np.sqrt(variance) * prior)))


def relative_errors(rows: Sequence[Measurement], constants: Constants) -> npt.NDArray[np.float64]:
    """Predicted over measured less 1, of every row."""
    errors: npt.NDArray[np.float64] = predict(prepare(rows), constants) / np.array([row.cycles for row in rows]) - 1
    return errors


def left_out_errors(rows: Sequence[Measurement], key: Callable[[Measurement], str]) -> npt.NDArray[np.float64]:
    """Relative errors of every row, predicted by constants fitted to the rows of other keys."""
    errors = np.empty(len(rows))
    keys = np.array([key(row) for row in rows])
    for name in dict.fromkeys(keys.tolist()):
        out = np.flatnonzero(keys == name)
        constants = fit([row for row in rows if key(row) != name])
        errors[out] = relative_errors([rows[int(i)] for i in out], constants)
    return errors


def by_source(row: Measurement) -> str:
    """The key that leaves out a source."""
    return row.group
