"""Samples of a space: designs at random among those that can be joined and fit the array, and Latin hypercubes.

Where many designs of the product are of these, it is drawn from, and what is not is left out. Of a product of many
layers hardly any is. Then it is counted, from the last layer to the first, in how many ways the layers behind an option
can be completed within the tiles that are left, and layer by layer an option is drawn as often as it has such ways.
Either way every design that can be joined and fits has the same probability, but for networks with joins in the second:
a layer that reads several is counted by the layer just before it alone, and the rest is seen when it is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from aie_explorer.search.figures import fitting
from aie_explorer.search.space import DesignSpace, Edge

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
Places = npt.NDArray[np.int64]
"""Designs in ascending order, none twice: [designs] places in the product of the layers' options, or where it is too
large for these, [designs, layers] which of its options each layer takes."""

Digits = npt.NDArray[np.int64]
"""[designs, layers] which of its options each layer takes."""

ROUNDS = 20  # tries to replace what was drawn before or could not be completed
PILOT = 10_000  # designs of the product, to see how many can be joined and fit
OFTEN = 0.05
"""Share of the product from which drawing from it is the faster. For networks of 3 to 8 layers a design of the product
took 0.1 to 0.6 us and one drawn layer by layer 3 to 9 us, so that both are as fast at shares of 0.04 to 0.09."""
MARGIN = 0.02
FEW = 0.01  # where so few of a round are new and more are missing, there are hardly any others
MOST_PLACES = 2**62  # of a product, to be counted
MOST_AT_ONCE = 2**22  # entries of a matrix with a row for every design


@dataclass(frozen=True, eq=False)
class _Layer:
    """The options of a layer that are drawn from, alike ones together.

    Attributes:
        options: which of the options, those of a kind together.
        first, count: of each kind its place in `options`.
        reader, writer, tiles: of each kind, the kinds sorted by reader.
        readers, writers: how many there are.
        legal: [writers of each producer..., readers] what can be joined; None where the layer reads no other.
        producers: the layers of the first axes of `legal`.
    """

    options: Rows
    first: Rows
    count: Rows
    reader: Rows
    writer: Rows
    tiles: Rows
    readers: int
    writers: int
    legal: npt.NDArray[np.bool_] | None
    producers: tuple[int, ...]

    @cached_property
    def starts(self) -> Rows:
        """[readers + 1] where the kinds of each reader begin."""
        return np.searchsorted(self.reader, np.arange(self.readers + 1)).astype(np.intp)


def random_sample(space: DesignSpace, options: Sequence[Rows], count: int, most_tiles: int, seed: int) -> Places:
    """Random designs that can be joined and take so many tiles at most.

    Args:
        space: of the designs.
        options: rows of each layer's table to draw from, ascending.
        count: designs to draw.
        most_tiles: of a design.
        seed: of the sample.

    Returns:
        So many designs, or fewer where there are hardly so many.
    """
    rng = np.random.default_rng(seed)
    sizes = tuple(map(len, options))
    found = np.empty((0, len(sizes)) if math.prod(sizes) >= MOST_PLACES else 0, np.int64)
    draw = _drawing(space, options, most_tiles, rng)
    block = max(1, MOST_AT_ONCE // len(sizes))
    for _ in range(ROUNDS):
        before, missing = len(found), count - len(found)
        made = []
        for begin in range(0, missing, block):
            made.append(_places(sizes, draw(min(block, missing - begin)).T))
        found = _once(np.concatenate([found, *made]))
        completed = sum(map(len, made))
        known = completed > 0 and len(found) - before <= FEW * completed
        if len(found) == count or (missing > FEW * count and known):
            break
    return found


def _drawing(space: DesignSpace, options: Sequence[Rows], most_tiles: int, rng: np.random.Generator
             ) -> Callable[[int], Digits]:
    """What draws designs, about as many as it is asked for and no more."""
    def product(designs: int) -> Digits:
        digits = np.stack([rng.integers(0, len(rows), designs) for rows in options])
        picks = np.stack([rows[digit] for rows, digit in zip(options, digits, strict=True)], axis=1)
        kept: Digits = digits.T[fitting(space, picks, most_tiles)]
        return kept

    share = len(product(PILOT)) / PILOT
    if share >= OFTEN:
        return lambda designs: product(int(designs / share * (1 + MARGIN)) + 1)[:designs]
    edges = {edge.consumer: edge for edge in space.edges}
    layers = [_layer(space, i, rows, edges.get(i)) for i, rows in enumerate(options)]
    behind = _completions(layers, most_tiles)
    return lambda designs: _draw(layers, behind, designs, most_tiles, rng)


def latin_hypercube(sizes: tuple[int, ...], count: int, seed: int) -> Places:
    """A Latin hypercube of a product: all options of a layer equally often, in an order of the layer's own.

    Args:
        sizes: options of each layer.
        count: designs to draw; some may be the same.
        seed: of the sample.
    """
    rng = np.random.default_rng(seed)
    digits = ((rng.permutation(count) * size + rng.integers(0, size, count)) // count for size in sizes)
    return _once(_places(sizes, digits))


def _once(places: Places) -> Places:
    return np.unique(places, axis=0 if places.ndim == 2 else None)  # an axis makes it slow


def _places(sizes: tuple[int, ...], digits: Iterable[npt.NDArray[np.int64]]) -> Places:
    """`Places` by which option each layer takes, in any order."""
    if math.prod(sizes) >= MOST_PLACES:
        return np.stack(list(digits), axis=1)
    flat: Places = np.zeros(1, np.int64)
    for size, digit in zip(sizes, digits, strict=True):
        flat = flat * size + digit
    return flat


def _layer(space: DesignSpace, index: int, rows: Rows, edge: Edge | None) -> _Layer:
    layer = space.layers[index]
    (made, writer), (read, reader) = layer.writers, layer.readers
    kinds = np.stack([reader[rows], writer[rows], layer.table["tiles"][rows]], axis=1)
    kinds, of, count = np.unique(kinds, axis=0, return_inverse=True, return_counts=True)
    reader, writer, tiles = kinds.T.astype(np.intp)
    return _Layer(np.argsort(of.ravel(), kind="stable"), np.cumsum(count) - count, count, reader, writer, tiles,
                  len(read), len(made), None if edge is None else edge.legal, () if edge is None else edge.producers)


def _completions(layers: Sequence[_Layer], most_tiles: int) -> list[Floats]:
    """For each layer [writers of the layer before, tiles left] in how many ways it and all behind it can be completed,
    up to a factor of its own; of the first one row, and one after the last."""
    behind = [np.ones((layers[-1].writers, most_tiles + 1))]
    for index in range(len(layers) - 1, -1, -1):
        layer = layers[index]
        ways = np.zeros((layer.readers, most_tiles + 1))
        for reader in range(layer.readers):
            kinds = slice(layer.starts[reader], layer.starts[reader + 1])
            ways[reader] = _ways(layer, kinds, behind[-1]).sum(axis=0)
        accepted = (_joined_to(layer, layers[index - 1].writers, index - 1) if index
                    else np.ones((1, layer.readers), np.bool_))
        # sums of rows and no product of matrices, whose last bits would depend on the machine
        before = np.stack([ways[readers].sum(axis=0) for readers in accepted])
        behind.append(before / max(before.max(), np.finfo(np.float64).tiny))
    return behind[::-1]


def _ways(layer: _Layer, kinds: slice, behind: Floats) -> Floats:
    """[kinds, tiles left] in how many ways the layers behind each kind can be completed, times the options of it."""
    ways = np.zeros((kinds.stop - kinds.start, behind.shape[1]))
    for row, kind in enumerate(range(kinds.start, kinds.stop)):
        tiles = layer.tiles[kind]
        if tiles < behind.shape[1]:
            ways[row, tiles:] = layer.count[kind] * behind[layer.writer[kind], :behind.shape[1] - tiles]
    return ways


def _joined_to(layer: _Layer, writers: int, producer: int) -> npt.NDArray[np.bool_]:
    """[writers of a producer, readers] which may be joined, whatever else the layer reads; all where it does not read
    that one."""
    if layer.legal is None or producer not in layer.producers:
        return np.ones((writers, layer.readers), np.bool_)
    axis = layer.producers.index(producer)
    found: npt.NDArray[np.bool_] = layer.legal.any(axis=tuple(i for i in range(len(layer.producers)) if i != axis))
    return found


def _draw(layers: Sequence[_Layer], behind: Sequence[Floats], count: int, most_tiles: int, rng: np.random.Generator
          ) -> Digits:
    """What is completed of so many designs."""
    left = np.full(count, most_tiles, np.intp)
    digits = np.empty((count, len(layers)), np.int64)
    sides: list[Rows] = []
    for index, layer in enumerate(layers):
        columns = np.concatenate([_ways(layer, slice(*layer.starts[reader:reader + 2]), behind[index + 1])
                                  .T.cumsum(axis=1).ravel() for reader in range(layer.readers)])
        width = np.diff(layer.starts)
        begin = np.cumsum(width * (most_tiles + 1)) - width * (most_tiles + 1)  # of each reader, in `columns`
        ways = np.zeros((most_tiles + 1, layer.readers))
        for reader in np.flatnonzero(width):
            block = columns[begin[reader]:begin[reader] + width[reader] * (most_tiles + 1)].reshape(-1, width[reader])
            ways[:, reader] = block[:, -1]
            block /= np.maximum(block[:, -1:], np.finfo(np.float64).tiny)
        reader = _readers(layer, ways, left, sides, rng)
        going = np.flatnonzero(reader >= 0)
        digits, left, reader, sides = digits[going], left[going], reader[going], [side[going] for side in sides]
        # the columns of all readers and tiles in one ascending row: of column c the values from c to c + 1
        column = np.repeat(np.arange(layer.readers * (most_tiles + 1)), np.repeat(width, most_tiles + 1))
        wanted = reader * (most_tiles + 1) + left + rng.random(len(left))
        place = np.searchsorted(columns + column, wanted, side="right")
        start = begin[reader] + left * width[reader]
        kind = layer.starts[reader] + np.minimum(place - start, width[reader] - 1)
        digits[:, index] = layer.options[layer.first[kind] + rng.integers(0, layer.count[kind])]
        sides.append(layer.writer[kind])
        left = left - layer.tiles[kind]
    return digits


def _readers(layer: _Layer, ways: Floats, left: Rows, sides: Sequence[Rows], rng: np.random.Generator) -> Rows:
    """[designs] a reader of a layer for what is drawn before it, -1 where there is none."""
    chance = rng.random(len(left))
    reader = np.full(len(left), -1, np.intp)
    step = max(1, MOST_AT_ONCE // layer.readers)
    for begin in range(0, len(left), step):
        part = slice(begin, begin + step)
        weight = ways[left[part]]
        if layer.legal is not None:
            weight = weight * layer.legal[tuple(sides[producer][part] for producer in layer.producers)]
        total = weight.cumsum(axis=1)
        there = total[:, -1] > 0
        # the first whose sum is above the chance's share, so never one of no weight
        which = (total <= (chance[part] * total[:, -1])[:, None]).sum(axis=1)
        reader[part] = np.where(there, np.minimum(which, layer.readers - 1), -1)
    return reader
