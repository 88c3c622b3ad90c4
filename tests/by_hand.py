"""Every design of a small space and its figures, one after the other, by rules written down a second time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cache

import numpy as np

from aie_explorer.cycles import load_constants
from aie_explorer.ir import storage_bytes
from aie_explorer.search.objectives import ADDED
from aie_explorer.search.space import DesignSpace
from aie_explorer.space import ROWS
from aie_explorer.space.handover import joinable, reader_key, writer_key

MEMORY_TILE, DIRECT = 1, 2


@cache
def order(first_row: int, first_column: int, rows: int, columns: int, M: int, W: int) -> bytes:
    """Which (row, column) stands where in a buffer of microtiles of M x W."""
    places = [((first_row + r * M + i) << 20) + first_column + c * W + j
              for r in range(rows // M) for c in range(columns // W) for i in range(M) for j in range(W)]
    return np.array(places, np.int64).tobytes()


@cache
def descriptors(moved: bytes, held: bytes) -> int:
    """Buffer descriptors of a tile that writes a buffer in another order than its own, both of `order`.

    A descriptor has a contiguous run and two loops, and each of the two copies of the buffer needs all of them.
    """
    place = {element: i for i, element in enumerate(np.frombuffer(held, np.int64).tolist())}
    left = np.array([place[element] for element in np.frombuffer(moved, np.int64).tolist()])
    wraps = []
    while len(left) > 1:  # the longest loop that all of it consists of, then what is left of it
        wrap = next(w for w in range(len(left), 0, -1) if len(left) % w == 0
                    and (w == 1 or np.array_equal(left.reshape(-1, w) - left.reshape(-1, w)[:, :1],
                                                  np.tile(np.arange(w) * (left[1] - left[0]), (len(left) // w, 1)))))
        wraps.append(wrap)
        left = left.reshape(-1, wrap)[:, 0]
    return 2 * int(np.prod(wraps[3:], dtype=np.int64)) if len(wraps) > 1 else 2


def is_direct(made, read) -> bool:
    """Whether every tile that reads reads just what a cascade makes, all of it, in its order or in one that the DMA of
    the tile can sort into its own, with two descriptors left for what it makes itself."""
    if made["route"] == MEMORY_TILE:
        return False
    slices, wanted = _sides(made, read)
    if slices == wanted:
        return True
    contents = [{bytes(np.sort(np.frombuffer(one, np.int64))): one for one in side} for side in (slices, wanted)]
    return set(contents[0]) == set(contents[1]) and len(contents[0]) == len(slices) == len(wanted) and all(
        descriptors(one, contents[1][key]) + 2 <= 16 for key, one in contents[0].items())


def _sides(made, read) -> tuple[set, set]:
    slices = set()
    for chain in range(made["cas_num"]):
        row, column = (chain * made["rows"], 0) if made["split"] == ROWS else (0, chain * made["n"])
        slices.add(order(int(row), int(column), *(int(made[name]) for name in ("rows", "n", "M", "N"))))
    wanted = set()
    for chain in range(read["cas_num"]):
        for position in range(read["cas_length"]):
            row = chain * read["rows"] if read["split"] == ROWS else 0
            shape = (int(read[name]) for name in ("rows", "k", "M", "K"))
            wanted.add(order(int(row), int(position * read["k"]), *shape))
    return slices, wanted


def designs_by_hand(space: DesignSpace, objectives: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """([designs, layers] rows, [designs, objectives] figures, cycles to a thousandth) of all that can be built."""
    picks, points = [], []
    pairs = {}
    for i, sources in enumerate(space.sources):
        if len(sources) == 1 and sources[0] >= 0:
            made, read = space.layers[sources[0]].table, space.layers[i].table
            pairs[i] = np.array([[is_direct(a, b) for b in read] for a in made])
    added = {name: [of(space, i) for i in range(len(space.layers))] for name, of in ADDED.items()}
    keys = [tuple(list(map(tuple, key.tolist())) for key in (writer_key(one.table, one.work), reader_key(one.table)))
            for one in space.layers]
    widths = [tuple(space.network.tensors[name].shape[0] for name in op.inputs) for op in space.network.layers]
    for pick in itertools.product(*(range(len(layer.table)) for layer in space.layers)):
        direct = {i: bool(pairs[i][pick[space.sources[i][0]], pick[i]]) for i in pairs}
        figures = _figures(space, pick, direct, keys, widths)
        if figures is None:
            continue
        figures |= {name: sum(of[i][row] for i, row in enumerate(pick)) for name, of in added.items()}
        for i, sources in enumerate(space.sources):
            if min(sources) < 0 <= max(sources):  # two copies of the rows that fill up
                more = _filled_rows(space, pick, i) - space.network.batch
                columns = sum(width for source, width in zip(sources, widths[i], strict=True) if source < 0)
                figures["memory_tile_bytes"] += 2 * more * columns * storage_bytes(space.layers[i].work.input.storage)
        for i in pairs:
            if direct[i]:
                source = space.sources[i][0]
                o = space.layers[source].table[pick[source]]
                size = int(o["rows"]) * int(o["n"]) * int(o["cas_num"])
                figures["memory_tile_bytes"] -= 2 * size * storage_bytes(space.layers[source].work.output.storage)
        picks.append(pick)
        points.append([figures[name] for name in objectives])
    shape = (len(picks), len(space.layers))
    return (np.array(picks, np.intp).reshape(shape),
            np.array(points, float).reshape(len(picks), len(objectives)).round(3))


def _filled_rows(space, pick, i) -> int:
    """Rows of what stands side by side in front of a layer: those that the layers it reads make."""
    made = {int(row["rows"]) * (int(row["cas_num"]) if row["split"] == ROWS else 1)
            for source in space.sources[i] if source >= 0 for row in [space.layers[source].table[pick[source]]]}
    (rows,) = made
    return rows


def _figures(space, pick, direct, keys, widths):
    """Tiles, interval and latency of a design; None where it cannot be built."""
    rows = [layer.table[row] for layer, row in zip(space.layers, pick, strict=True)]
    cycles = [layer.cycles[row] for layer, row in zip(space.layers, pick, strict=True)]
    tiles = sum(int(row["tiles"]) for row in rows)
    if tiles > space.device.tiles:
        return None
    ready, leaves, interval = [], [], 0.0
    for i, sources in enumerate(space.sources):
        arrivals = []
        for source in sources:
            if source < 0:
                continue
            if not direct.get(i, False) and rows[source]["route"] == DIRECT:
                return None
            once = min(cycles[source]["dma_out_cycles"], cycles[i]["dma_in_cycles"])
            saved = load_constants().hand_over_cycles + once
            arrivals.append(ready[source] - saved * direct.get(i, False))
        if max(sources) >= 0 and not direct.get(i, False):
            made = tuple(keys[source][0][pick[source]] if source >= 0 else (0, 0, 0, 0) for source in sources)
            if not joinable(made, widths[i], keys[i][1][pick[i]]):
                return None
        if min(sources) < 0:
            port, entry = float(cycles[i]["plio_in_cycles"]), float(cycles[i]["entry_cycles"])
            if max(sources) >= 0:  # side by side with as many rows, each input through a PLIO of its own
                columns = max(width for source, width in zip(sources, widths[i], strict=True) if source < 0)
                element = storage_bytes(space.layers[i].work.input.storage)
                port = _filled_rows(space, pick, i) * columns * element / space.device.plio_bytes_per_cycle
                entry = port + load_constants().hand_over_cycles / 2
            arrivals.append(entry)
            interval = max(interval, port)
        ready.append(max(arrivals) + float(cycles[i]["latency_cycles"]))
        interval = max(interval, float(cycles[i]["interval_cycles"]))
        if i in space.output_layers:
            leaves.append(ready[i] + float(cycles[i]["last_out_cycles"]))
            interval = max(interval, float(cycles[i]["plio_out_cycles"]))
    return {"tiles": tiles, "interval_cycles": interval, "latency_cycles": max(leaves)}
