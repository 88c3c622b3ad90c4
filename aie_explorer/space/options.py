"""Every way to cut one layer over tiles, as one structured array: a candidate a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.devices import Device, Microtile
from aie_explorer.errors import DesignError
from aie_explorer.ir import Dense, FixedPoint, Network, storage_bytes
from aie_explorer.space.choice import SPLITS, Choice

Table = npt.NDArray[np.void]
"""Structured array with the fields of OPTION."""

FEATURES, ROWS = range(len(SPLITS))
MOST_ROWS = 1 << 20
BLOCK = 2  # register blocking of the kernel: 2 x 2 microtiles a block

OPTION = np.dtype([
    # the choice
    ("M", "i4"), ("K", "i4"), ("N", "i4"), ("cas_length", "i4"), ("cas_num", "i4"), ("split", "i1"),
    # what follows from it for one tile: its slice of rows, reduction and outputs, padded to whole register blocks
    ("rows", "i4"), ("k", "i4"), ("n", "i4"), ("tiles", "i4"),
    # bytes of one tile's buffers, one copy each
    ("in_bytes", "i8"), ("weight_bytes", "i8"), ("bias_bytes", "i8"), ("out_bytes", "i8"),
    # the matrix unit: issues per microtile, bits of an accumulator lane
    ("issues", "i4"), ("acc_bits", "i4"),
])


@dataclass(frozen=True)
class Work:
    """A layer as the design space sees it: sizes and types only.

    Layers of equal work have equal options and equal cycles, whatever their weights.

    Attributes:
        rows: samples of one call. k: inputs. n: outputs.
        input, weights, output: exact types.
        accumulator_bits: signed bits every partial sum fits in.
    """

    rows: int
    k: int
    n: int
    input: FixedPoint
    weights: FixedPoint
    output: FixedPoint
    accumulator_bits: int

    @property
    def macs(self) -> int:
        """Useful multiply-accumulates of one call."""
        return self.rows * self.k * self.n


def work_of(network: Network, layer: Dense) -> Work:
    """The work of one layer of a lowered network."""
    return Work(network.batch, layer.k, layer.n, network.type_of(layer.input), layer.weights.type,
                network.type_of(layer.output), layer.accumulator_bits)


def ceil_to(value: npt.ArrayLike, multiple: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Round up to a multiple, elementwise."""
    v, m = np.asarray(value, np.int64), np.asarray(multiple, np.int64)
    return -(-v // m) * m


def candidates(work: Work, microtiles: Sequence[Microtile], device: Device) -> Table:
    """Every combination of microtile, cas_length, cas_num and split that the array's shape admits.

    Slices are padded to whole register blocks, so any K and N is admitted; combinations in which a tile
    would be left without work are not produced. The rules of `space.rules` are not yet applied.
    """
    if work.rows > MOST_ROWS:
        raise DesignError(f"a batch of {work.rows} is beyond what the tiles' memories could ever hold", where="batch",
                          remedy=f"Use at most {MOST_ROWS} samples a call")
    shapes = np.array([(t.M, t.K, t.N, t.issues, t.accumulator_bits) for t in microtiles], np.int64).reshape(-1, 5)
    lengths = np.arange(1, device.columns + 1)
    nums = np.arange(1, device.rows + 1)
    pick, length, num, split = (axis.ravel() for axis in np.meshgrid(
        np.arange(len(shapes)), lengths, nums, np.arange(len(SPLITS)), indexing="ij"))
    # a single cascade divides nothing: list it once, as a split by features
    keep = (num > 1) | (split == FEATURES)
    pick, length, num, split = pick[keep], length[keep], num[keep], split[keep]
    return cut(work, shapes[pick], length, num, split)


def cut(work: Work, shapes: npt.NDArray[np.int64], length: npt.NDArray[np.int64], num: npt.NDArray[np.int64],
        split: npt.NDArray[np.int64], *, drop_idle: bool = True, block: tuple[int, int] = (BLOCK, BLOCK)) -> Table:
    """Fill the columns that follow from the choices.

    Args:
        work: the layer.
        shapes: [options, 5]: M, K, N, issues, bits of an accumulator lane.
        length: cas_length of each option.
        num: cas_num of each option.
        split: FEATURES or ROWS, of each option.
        drop_idle: leave out options in which some tile has nothing to do.
        block: register blocking of the kernel, rows and columns of microtiles.
    """
    M, K, N, issues, acc_bits = shapes.T
    by_rows = split == ROWS
    k = ceil_to(-(-work.k // length), K)
    n = ceil_to(-(-work.n // np.where(by_rows, 1, num)), block[1] * N)
    rows = ceil_to(-(-work.rows // np.where(by_rows, num, 1)), block[0] * M)
    busy = (length - 1) * k < work.k
    busy &= np.where(by_rows, (num - 1) * rows < work.rows, (num - 1) * n < work.n)
    keep = busy if drop_idle else np.ones_like(busy)
    table = np.zeros(int(keep.sum()), OPTION)
    for field, column in (("M", M), ("K", K), ("N", N), ("cas_length", length), ("cas_num", num), ("split", split),
                          ("rows", rows), ("k", k), ("n", n), ("tiles", length * num), ("issues", issues),
                          ("acc_bits", acc_bits)):
        table[field] = column[keep]
    slices = {axis: table[axis].astype(np.int64) for axis in ("rows", "k", "n")}
    table["in_bytes"] = slices["rows"] * slices["k"] * storage_bytes(work.input.storage)
    table["weight_bytes"] = slices["k"] * slices["n"] * storage_bytes(work.weights.storage)
    table["bias_bytes"] = slices["n"] * 4  # int32
    table["out_bytes"] = slices["rows"] * slices["n"] * storage_bytes(work.output.storage)
    return table


def choice_of(row: np.void) -> Choice:
    """The choice that a row of a table stands for."""
    return Choice((int(row["M"]), int(row["K"]), int(row["N"])), int(row["cas_length"]), int(row["cas_num"]),
                  SPLITS[int(row["split"])])
