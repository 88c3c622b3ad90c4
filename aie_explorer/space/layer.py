"""The legal options of a layer on a device, and the reasons why others are not."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from aie_explorer.devices import Device, Microtile, microtiles
from aie_explorer.errors import DesignError, nearest
from aie_explorer.space.choice import PORTS, ROUTES, SPLITS, Choice, shape_name
from aie_explorer.space.options import SHAPE_FIELDS, Table, Work, candidates, choice_of, cut
from aie_explorer.space.rules import RULES, legal, refusals


def layer_microtiles(work: Work, device: Device) -> tuple[Microtile, ...]:
    """The shapes aie::mmul accepts for the layer's storage types.

    Raises:
        DeviceError: when the matrix unit has no mode for the pair of types.
    """
    return microtiles(device, work.input.storage, work.weights.storage)


@lru_cache(maxsize=4096)
def layer_options(work: Work, device: Device) -> Table:
    """Every legal option of a layer, ordered by tiles, as a read-only structured array.

    Raises:
        DesignError: when no option is legal, with the rule that forbids most and what would help.
    """
    table = candidates(work, layer_microtiles(work, device), device)
    kept = table[legal(table, work, device)]
    if len(kept) == 0:
        raise DesignError(f"no way to cut a layer of {work.k} x {work.n} over the {device.tiles} tiles of "
                          f"{device.name} is legal: {_why_none(table, work, device)}")
    kept = kept[np.argsort(kept["tiles"], kind="stable")]
    kept.flags.writeable = False
    return kept


def _why_none(table: Table, work: Work, device: Device) -> str:
    """The rule that is broken by the least, over the options that break the fewest rules."""
    broken = np.array([rule.broken(table, work, device) for rule in RULES])
    fewest = broken.sum(axis=0) == broken.sum(axis=0).min()
    index = int(np.argmax((broken & fewest).sum(axis=1)))
    rule, rows = RULES[index], table[fewest & broken[index]]
    used = int(rule.used(rows, work, device).min())
    return f"even at best the {rule.text} is {used}, at most {rule.limit(device)} ({rule.source}). {rule.remedy}"


def option_row(work: Work, device: Device, choice: Choice, where: str) -> Table:
    """The table row (a table of one) of one choice.

    Raises:
        DesignError: when the choice is not legal, naming every broken rule and the nearest legal values.
    """
    shapes = {(t.M, t.K, t.N): t for t in layer_microtiles(work, device)}
    tile = shapes.get(choice.microtile)
    if tile is None:
        names = [shape_name(shape) for shape in shapes]
        raise DesignError(
            f"aie::mmul has no {shape_name(choice.microtile)} for {work.input.storage} x {work.weights.storage} "
            f"on {device.generation.name}", where=where,
            remedy=f"Close ones are: {nearest(shape_name(choice.microtile), names)}")
    for name, value, most in (("cas_length", choice.cas_length, device.columns),
                              ("cas_num", choice.cas_num, device.rows)):
        if not 1 <= value <= most:
            raise DesignError(f"{name} is {value}; {device.name} allows 1 to {most}", where=where)
    split = 0 if choice.cas_num == 1 else SPLITS.index(choice.split)
    shape = np.array([[tile.M, tile.K, tile.N, tile.issues, tile.accumulator_bits]])
    length, num = np.array([choice.cas_length]), np.array([choice.cas_num])
    row = cut(work, shape, length, num, np.array([split]), np.array([choice.blocking]), drop_idle=False)
    row["route"], row["ports"] = ROUTES.index(choice.route), PORTS.index(choice.ports)
    options = layer_options(work, device)
    if _find(options, row):
        return row
    slices = f"with a slice of {int(row['k'][0])} inputs, {int(row['n'][0])} outputs and {int(row['rows'][0])} rows "
    same = _find(options, row, blocking=False)
    reasons = [str(refusal) for refusal in refusals(row, work, device)] or [
        slices + ("a part of every register block would have no work" if same else "some tiles would have no work")]
    raise DesignError(f"{choice} is not legal: {'; '.join(reasons)}", where=where,
                      remedy=f"Legal with this microtile: {_legal_values(options, choice)}")


def _find(options: Table, row: Table, *, blocking: bool = True) -> bool:
    keys = ("M", "K", "N", "cas_length", "cas_num", "split", *(SHAPE_FIELDS["blocking"] if blocking else ()))
    return bool(np.logical_and.reduce([options[key] == row[key] for key in keys]).any())


def _legal_values(options: Table, choice: Choice) -> str:
    """Legal (cas_length x cas_num, blocking) near the choice, in words."""
    M, K, N = choice.microtile
    same = options[(options["M"] == M) & (options["K"] == K) & (options["N"] == N)]
    if len(same) == 0:
        other = options[0]
        return f"none; {other['M']}x{other['K']}x{other['N']} has some"
    other = (same["block_rows"] != choice.blocking.rows) | (same["block_columns"] != choice.blocking.columns)
    distance = abs(same["cas_length"] - choice.cas_length) + abs(same["cas_num"] - choice.cas_num) + 0.5 * other
    return "; ".join(str(choice_of(row)) for row in same[np.argsort(distance, kind="stable")[:4]])
