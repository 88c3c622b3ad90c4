"""Every way to cut one layer over tiles, as one structured array: a candidate a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aie_explorer.devices import Device, Microtile
from aie_explorer.errors import DesignError
from aie_explorer.ir import Dense, FixedPoint, Network, storage_bytes
from aie_explorer.space.choice import BLOCKINGS, PORTS, ROUTES, SPLITS, TWO_BY_TWO, Blocking, Choice

Table = npt.NDArray[np.void]
"""Structured array with the fields of OPTION."""

FEATURES, ROWS = range(len(SPLITS))
MOST_ROWS = 1 << 20

OPTION = np.dtype([
    # the choice
    ("M", "i4"), ("K", "i4"), ("N", "i4"), ("cas_length", "i4"), ("cas_num", "i4"), ("split", "i1"),
    ("block_rows", "i1"), ("block_columns", "i1"),
    ("route", "i1"),  # 0, "auto", unless it is asked for
    ("ports", "i1"),  # place in PORTS; 0, "memory_tile", but for layers at an end of the network
    # what follows from it for one tile: its slice of rows, reduction and outputs, padded to whole register blocks
    ("rows", "i4"), ("k", "i4"), ("n", "i4"), ("tiles", "i4"),
    # bytes of one tile's buffers, one copy each
    ("in_bytes", "i8"), ("weight_bytes", "i8"), ("bias_bytes", "i8"), ("out_bytes", "i8"),
    # the matrix unit: issues per microtile, bits of an accumulator lane
    ("issues", "i4"), ("acc_bits", "i4"),
])

SHAPE_FIELDS = {"microtile": ("M", "K", "N"), "blocking": ("block_rows", "block_columns")}
"""Choices that several fields of a table hold."""


@dataclass(frozen=True)
class Work:
    """A layer as the design space sees it: sizes and types only.

    Layers of equal work have equal options and equal cycles, whatever their weights.

    Attributes:
        rows: samples of one call. k: inputs. n: outputs.
        input, weights, output: exact types.
        accumulator_bits: signed bits every partial sum fits in.
        useful: multiply-accumulates of a sample in the user's model, where they are not k x n.
        network_inputs: of a layer that reads tensors side by side, the columns of those that are inputs of the
            network; None for a layer that reads one tensor.
        own_shifts, affine, table_bytes, leaky: what finishes its sums: shifts a column of microtiles, a gain and an
            offset an output, a table of so many bytes, a leaky ReLU.
        beside: whether a layer reads its output side by side with another tensor: its slices must then be whole.
    """

    rows: int
    k: int
    n: int
    input: FixedPoint
    weights: FixedPoint
    output: FixedPoint
    accumulator_bits: int
    useful: int | None = None
    network_inputs: tuple[int, ...] | None = None
    beside: bool = False
    own_shifts: bool = False
    affine: bool = False
    table_bytes: int = 0
    leaky: bool = False

    @property
    def macs(self) -> int:
        """Useful multiply-accumulates of one call."""
        return self.rows * (self.k * self.n if self.useful is None else self.useful)


def work_of(network: Network, layer: Dense) -> Work:
    """The work of one layer of a lowered network."""
    inputs = {name for name in layer.inputs if name in network.inputs}
    several = len(layer.inputs) > 1
    return Work(network.batch, layer.k, layer.n, network.type_of(layer.inputs[0]), layer.weights.type,
                network.type_of(layer.output), layer.accumulator_bits,
                None if layer.macs == layer.k * layer.n else layer.macs,
                tuple(network.tensors[name].shape[0] for name in layer.inputs if name in inputs) if several else None,
                any(len(op.inputs) > 1 for op in network.consumers(layer.output)), layer.finer is not None,
                layer.affine is not None,
                0 if layer.table is None else len(layer.table) * storage_bytes(network.type_of(layer.output).storage),
                layer.slope_shift > 0)


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
    blocks = np.array(BLOCKINGS)
    lengths = np.arange(1, device.columns + 1)
    nums = np.arange(1, device.rows + 1)
    pick, length, num, split, block = (axis.ravel() for axis in np.meshgrid(
        np.arange(len(shapes)), lengths, nums, np.arange(len(SPLITS)), np.arange(len(blocks)), indexing="ij"))
    # a single cascade divides nothing: list it once, as a split by features
    keep = (num > 1) | (split == FEATURES)
    # blocks other than 2 x 2 where no microtile of a block is idle in every one
    (M, N), (rows, columns) = shapes[pick].T[[0, 2]], blocks[block].T
    by_rows = split == ROWS
    filled = ((rows - 1) * M < -(-work.rows // np.where(by_rows, num, 1))) & (
        (columns - 1) * N < -(-work.n // np.where(by_rows, 1, num)))
    keep &= filled | (block == BLOCKINGS.index(TWO_BY_TWO))
    pick, length, num, split, block = pick[keep], length[keep], num[keep], split[keep], block[keep]
    return cut(work, shapes[pick], length, num, split, blocks[block])


def cut(work: Work, shapes: npt.NDArray[np.int64], length: npt.NDArray[np.int64], num: npt.NDArray[np.int64],
        split: npt.NDArray[np.int64], blocks: npt.NDArray[np.int64], *, drop_idle: bool = True) -> Table:
    """Fill the columns that follow from the choices.

    Args:
        work: the layer.
        shapes: [options, 5]: M, K, N, issues, bits of an accumulator lane.
        length: cas_length of each option.
        num: cas_num of each option.
        split: FEATURES or ROWS, of each option.
        blocks: [options, 2] register blocking: rows, columns of microtiles.
        drop_idle: leave out options in which some tile has nothing to do.
    """
    M, K, N, issues, acc_bits = shapes.T
    block_rows, block_columns = blocks.T
    by_rows = split == ROWS
    k = ceil_to(-(-work.k // length), K)
    n = ceil_to(-(-work.n // np.where(by_rows, 1, num)), block_columns * N)
    rows = ceil_to(-(-work.rows // np.where(by_rows, num, 1)), block_rows * M)
    busy = (length - 1) * k < work.k
    busy &= np.where(by_rows, (num - 1) * rows < work.rows, (num - 1) * n < work.n)
    keep = busy if drop_idle else np.ones_like(busy)
    table = np.zeros(int(keep.sum()), OPTION)
    for field, column in (("M", M), ("K", K), ("N", N), ("cas_length", length), ("cas_num", num), ("split", split),
                          ("block_rows", block_rows), ("block_columns", block_columns), ("rows", rows), ("k", k),
                          ("n", n), ("tiles", length * num), ("issues", issues), ("acc_bits", acc_bits)):
        table[field] = column[keep]
    slices = {axis: table[axis].astype(np.int64) for axis in ("rows", "k", "n")}
    table["in_bytes"] = slices["rows"] * slices["k"] * storage_bytes(work.input.storage)
    table["weight_bytes"] = slices["k"] * slices["n"] * storage_bytes(work.weights.storage)
    # int32 each: biases; gains and both parts of the offsets; a shift a column of microtiles
    words = slices["n"] * (4 if work.affine else 1) + work.own_shifts * (slices["n"] // table["N"])
    table["bias_bytes"] = words * 4 + work.table_bytes
    table["out_bytes"] = slices["rows"] * slices["n"] * storage_bytes(work.output.storage)
    return table


def choice_of(row: np.void) -> Choice:
    """The choice that a row of a table stands for."""
    return Choice((int(row["M"]), int(row["K"]), int(row["N"])), int(row["cas_length"]), int(row["cas_num"]),
                  SPLITS[int(row["split"])], Blocking(int(row["block_rows"]), int(row["block_columns"])),
                  ROUTES[int(row["route"])], PORTS[int(row["ports"])])
