"""A placement problem as tables of whole numbers, on which every search works.

Blocks and edges are numbered as given. An anchor, where the lower left tile of a block may lie, is the number
column * rows + row; A is the number of tiles. Costs are whole: the objective times `factor`. So the same problem gives
the same numbers, and the same choices, on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from aie_explorer.placement.cost import plio_gap
from aie_explorer.placement.geometry import MEMORY_TILE, Block, Edge, Placement, Tile
from aie_explorer.placement.problem import Problem

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]

FAR = np.int64(1 << 50)
"""Added to the cost of what is not allowed; no placement costs as much."""


@dataclass(frozen=True, eq=False)
class Link:
    """An edge by the numbers of its blocks.

    Attributes:
        producer, consumer: blocks.
        shares: whether the producer may abut in the consumer's keepout.
        along: [columns of the producer, columns of the consumer] cost of their distance.
        up: [rows of the producer, rows of the consumer] likewise.
    """

    producer: int
    consumer: int
    shares: bool
    along: Ints
    up: Ints

    def other(self, block: int) -> int:
        """The block at its other end."""
        return self.consumer if block == self.producer else self.producer


@dataclass(frozen=True, eq=False)
class Tables:
    """A problem in numbers.

    Attributes:
        problem: what was asked.
        blocks: the blocks to place: those of the problem, or some of them while the others stay (`reduced`).
        links: edges between two different of them.
        own: by block, [A] what it costs alone at each anchor; FAR where it may not lie.
        constant: cost of edges from a block to itself, and of everything that stays.
        factor: whole costs are the objective times this.
        used: [2 words] tiles that are taken, and keepouts of blocks that stay.
    """

    problem: Problem
    blocks: tuple[Block, ...]
    links: tuple[Link, ...]
    own: tuple[Ints, ...]
    constant: int
    factor: int
    used: Words
    _cache: dict[tuple[object, ...], Words] = field(default_factory=dict, repr=False)

    @property
    def columns(self) -> int:
        """Columns of the array."""
        return self.problem.array.columns

    @property
    def rows(self) -> int:
        """Rows of the array."""
        return self.problem.array.rows

    @cached_property
    def links_of(self) -> tuple[tuple[int, ...], ...]:
        """By block, the numbers of its links."""
        found: list[list[int]] = [[] for _ in self.blocks]
        for i, link in enumerate(self.links):
            found[link.producer].append(i)
            found[link.consumer].append(i)
        return tuple(map(tuple, found))

    @cached_property
    def sharing(self) -> frozenset[tuple[int, int]]:
        """(producer, consumer) that may abut although the consumer has a keepout."""
        return frozenset((link.producer, link.consumer) for link in self.links if link.shares)

    @cached_property
    def allowed(self) -> tuple[Bools, ...]:
        """By block, [A] where it may lie if it were alone."""
        return tuple(own < FAR for own in self.own)

    @cached_property
    def allowed_words(self) -> tuple[Words, ...]:
        """By block, the same as bits."""
        return tuple(to_words(allowed) for allowed in self.allowed)

    def cost(self, anchors: Sequence[int]) -> int:
        """Whole cost of a complete placement."""
        total = self.constant + sum(int(own[anchor]) for own, anchor in zip(self.own, anchors, strict=True))
        return total + sum(self.link_cost(link, anchors[link.producer], anchors[link.consumer]) for link in self.links)

    def link_cost(self, link: Link, producer: int, consumer: int) -> int:
        """Whole cost of an edge, given the anchors of its blocks."""
        (px, py), (cx, cy) = divmod(producer, self.rows), divmod(consumer, self.rows)
        return int(link.along[px, cx]) + int(link.up[py, cy])

    def pair_costs(self, link: Link) -> Ints:
        """[A of the producer, A of the consumer] the cost of an edge, FAR where the two are in each other's way."""
        size = self.columns * self.rows
        costs: Ints = (link.along[:, None, :, None] + link.up[None, :, None, :]).reshape(size, size)
        costs[to_bools(self.conflicts(link.producer, link.consumer), size)] = FAR
        return costs

    def conflicts(self, placed: int, block: int) -> Words:
        """[A of the one placed, words] the anchors of a block that the one placed rules out, as bits."""
        key = "conflicts", self.kind(placed, block)
        if key not in self._cache:
            self._cache[key] = to_words(self._conflict_matrix(placed, block))
        return self._cache[key]

    def kind(self, a: int, b: int) -> tuple[object, ...]:
        """Two pairs of blocks of one kind conflict at the same anchors."""
        return self.blocks[a].shape, self.blocks[b].shape, (a, b) in self.sharing, (b, a) in self.sharing

    def covers(self, block: int) -> Words:
        """[A, 2 words] tiles and keepout of a block at each anchor."""
        width, height = self.blocks[block].shape
        key = "covers", width, height
        if key not in self._cache:
            x, y = np.arange(self.columns), np.arange(self.rows)
            high = (y[None, :] >= y[:, None]) & (y[None, :] < y[:, None] + height)
            body = (x[None, :] >= x[:, None]) & (x[None, :] < x[:, None] + width)
            west = (x[None, :] >= x[:, None] - self.problem.rules.keepout_columns) & (x[None, :] < x[:, None])
            self._cache[key] = np.concatenate([to_words(_product(part, high)) for part in (body, west)], axis=1)
        return self._cache[key]

    def _conflict_matrix(self, a: int, b: int) -> Bools:
        one, other = self.blocks[a], self.blocks[b]
        keepout = self.problem.rules.keepout_columns
        x, y = np.arange(self.columns), np.arange(self.rows)
        same_columns = (x[:, None] < x[None, :] + other.width + keepout) & (x[None, :] < x[:, None] + one.width
                                                                             + keepout)
        # a keepout lies to the west: the block in the east keeps it, the one in the west keeps nothing towards it
        same_rows = (y[:, None] < y[None, :] + other.height) & (y[None, :] < y[:, None] + one.height)
        matrix = _product(same_columns, same_rows)
        if one.height == other.height:
            level = np.eye(self.rows, dtype=np.bool_)
            for producer, consumer, beside in (
                    (a, b, x[None, :] == x[:, None] + one.width), (b, a, x[:, None] == x[None, :] + other.width)):
                if (producer, consumer) in self.sharing:
                    matrix &= ~_product(beside, level)
        return matrix

    def named(self, anchors: Sequence[int], bound: int | None = None) -> Placement:
        """The placement that these anchors are, with its cost and a bound in whole numbers."""
        tiles: dict[str, Tile] = {block.name: divmod(int(anchor), self.rows)
                                  for block, anchor in zip(self.blocks, anchors, strict=True)}
        return Placement(tiles, cost=self.cost(anchors) / self.factor,
                         bound=None if bound is None else bound / self.factor)

    def anchors_of(self, placement: Mapping[str, Tile]) -> tuple[int, ...]:
        """The anchors of a placement by name."""
        return tuple(placement[block.name][0] * self.rows + placement[block.name][1] for block in self.blocks)

    def legal(self, anchors: Sequence[int]) -> bool:
        """Whether a complete placement breaks no rule."""
        if any(not allowed[anchor] for allowed, anchor in zip(self.allowed, anchors, strict=True)):
            return False
        return not any(has_bit(self.conflicts(a, b)[anchors[a]], anchors[b])
                       for b in range(len(anchors)) for a in range(b))


def tables_of(problem: Problem) -> Tables:
    """Number the blocks and edges of a problem and work out every cost."""
    array, (whole, factor) = problem.array, problem.weights.scaled()
    number = {block.name: i for i, block in enumerate(problem.blocks)}
    x, y = np.arange(array.columns), np.arange(array.rows)
    up = np.array([whole["row"] * row for row in range(array.rows)], np.int64)
    rows = [up.copy() for _ in problem.blocks]
    columns = [np.zeros(array.columns, np.int64) for _ in problem.blocks]
    links, constant = [], 0
    for edge in problem.edges:
        producer, consumer = problem.blocks[number[edge.producer]], problem.blocks[number[edge.consumer]]
        if edge.kind == MEMORY_TILE:
            for name in (edge.producer, edge.consumer):
                rows[number[name]] += whole["memory_tile"] * y
        if producer == consumer:
            constant += whole["column"] * (producer.width - 1)
            continue
        along = whole["column"] * np.abs(x[None, :] - (x[:, None] + producer.width - 1))
        gap = np.maximum(0, np.maximum(y[None, :] - (y[:, None] + producer.height - 1),
                                       y[:, None] - (y[None, :] + consumer.height - 1)))
        links.append(Link(number[producer.name], number[consumer.name], _shares(edge, problem),
                          along.astype(np.int64), (whole["vertical"] * gap).astype(np.int64)))
    for names, east in ((problem.inputs, False), (problem.outputs, True)):
        for name in names:
            face = problem.blocks[number[name]].width - 1 if east else 0
            columns[number[name]] += np.array([whole["plio"] * plio_gap(int(c) + face, array) for c in x], np.int64)
    own = [(along[:, None] + rows[i][None, :]).ravel() for i, along in enumerate(columns)]
    allowed = [_allowed(problem, block) for block in problem.blocks]
    taken = np.zeros(array.tiles, np.bool_)
    for column, row in problem.rules.taken(array):
        taken[column * array.rows + row] = True
    words = to_words(taken)
    return Tables(problem, problem.blocks, tuple(links),
                  tuple(np.where(a, o, FAR) for a, o in zip(allowed, own, strict=True)), constant, factor,
                  np.concatenate([words, np.zeros_like(words)]))


def reduced(tables: Tables, chosen: Sequence[int], anchors: Sequence[int]) -> Tables:
    """The problem of placing some blocks while the others stay at their anchors; costs are those of the whole."""
    number = {block: i for i, block in enumerate(chosen)}
    own = [tables.own[block].copy() for block in chosen]
    used = tables.used.copy()
    constant, links = tables.constant, []
    for block, anchor in enumerate(anchors):
        if block not in number:
            constant += int(tables.own[block][anchor])
            used |= tables.covers(block)[anchor]
            for other in chosen:
                barred = to_bools(tables.conflicts(block, other)[anchor], len(own[0]))
                own[number[other]][barred] = FAR
    for link in tables.links:
        producer, consumer = number.get(link.producer), number.get(link.consumer)
        if producer is not None and consumer is not None:
            links.append(Link(producer, consumer, link.shares, link.along, link.up))
        elif producer is not None:
            column, row = divmod(anchors[link.consumer], tables.rows)
            own[producer] += (link.along[:, column, None] + link.up[None, :, row]).ravel()
        elif consumer is not None:
            column, row = divmod(anchors[link.producer], tables.rows)
            own[consumer] += (link.along[column][:, None] + link.up[row][None, :]).ravel()
        else:
            constant += tables.link_cost(link, anchors[link.producer], anchors[link.consumer])
    blocks = tuple(tables.blocks[block] for block in chosen)
    return Tables(tables.problem, blocks, tuple(links), tuple(np.minimum(one, FAR) for one in own), constant,
                  tables.factor, used, tables._cache)


def _product(along: Bools, up: Bools) -> Bools:
    """[A, A] of [columns, columns] and [rows, rows]: both hold."""
    size = along.shape[0] * up.shape[0]
    return np.ascontiguousarray((along[:, None, :, None] & up[None, :, None, :]).reshape(size, size))


def _shares(edge: Edge, problem: Problem) -> bool:
    return edge.may_abut and problem.rules.keepout_shared and problem.rules.keepout_columns > 0


def _allowed(problem: Problem, block: Block) -> Bools:
    """[A] where a block may lie: inside the array, off what is taken, on its pin."""
    array, rules = problem.array, problem.rules
    allowed = np.zeros((array.columns, array.rows), np.bool_)
    allowed[:max(0, array.columns - block.width + 1), :max(0, array.rows - block.height + 1)] = True
    for x, y in rules.taken(array):
        allowed[max(0, x - block.width + 1):x + 1 + rules.keepout_columns, max(0, y - block.height + 1):y + 1] = False
    pin = rules.pin_of(block.name)
    if pin is not None:
        at = allowed[pin] if 0 <= pin[0] < array.columns and 0 <= pin[1] < array.rows else False
        allowed[:] = False
        if at:
            allowed[pin] = True
    return allowed.ravel()


def to_words(bools: Bools) -> Words:
    """The last axis as bits of 64-bit words, lowest first."""
    size = bools.shape[-1]
    packed = np.packbits(bools, axis=-1, bitorder="little")
    missing = -packed.shape[-1] % 8
    padded = np.concatenate([packed, np.zeros((*packed.shape[:-1], missing), np.uint8)], axis=-1)
    assert padded.shape[-1] * 8 >= size
    return np.ascontiguousarray(padded).view("<u8").astype(np.uint64)


def to_bools(words: Words, size: int) -> Bools:
    """Bits as booleans along the last axis."""
    raw = np.ascontiguousarray(words.astype("<u8")).view(np.uint8)
    return np.unpackbits(raw, axis=-1, count=size, bitorder="little").astype(np.bool_)


def has_bit(words: Words, bit: int) -> bool:
    """Whether one bit of a row of words is set."""
    return bool(int(words[bit >> 6]) >> (bit & 63) & 1)


def union(parts: Iterable[Words]) -> Words | None:
    """Bits set in any of several arrays of one shape; None for none."""
    total: Words | None = None
    for part in parts:
        total = part if total is None else total | part
    return total
