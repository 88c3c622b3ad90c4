"""Every rule of the table on each side of its limit, and the table itself."""

import dataclasses
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.checks import RULES
from aie_explorer.checks.check import found_in, subject_of
from aie_explorer.checks.table import BUILT_IN, DESIGN_RULES, LAYER_RULES, PLANNING, markdown
from aie_explorer.devices import find
from aie_explorer.errors import DeviceError
from aie_explorer.ir import FixedPoint
from aie_explorer.space import OPTION, ROWS, Work
from aie_explorer.space.rules import RULES as OPTION_RULES
from aie_explorer.space.walks import port_descriptors
from aie_explorer.transport import DirectEdge, KernelEnd, PlioEnd, Tiling
from aie_explorer.transport.plan import BufferPort

VEK280 = find("vek280")
DESIGN = aie.Explorer(mlp([64, 64, 64])).design({
    "dense0": {"microtile": "4x8x8", "cas_length": 2, "cas_num": 2},
    "dense1": {"microtile": "4x8x8", "cas_length": 2, "cas_num": 1}})
BASE = replace(subject_of(DESIGN), placement=dict(DESIGN.place()), plan=DESIGN.plan())
IN = next(i for i, held in enumerate(BASE.plan.buffers) if held.tensor == "x")
OUT = len(BASE.plan.buffers) - 1


def with_layer(**fields):
    """The first layer with other values of its option."""
    table = BASE.layers[0].table.copy()
    for name, value in fields.items():
        table[name] = value
    return replace(BASE, layers=(replace(BASE.layers[0], table=table), *BASE.layers[1:]))


def with_buffer(index=IN, **fields):
    """A memory-tile buffer with other values."""
    buffers = list(BASE.plan.buffers)
    buffers[index] = replace(buffers[index], **fields)
    return replace(BASE, plan=replace(BASE.plan, buffers=tuple(buffers)))


def alone(**fields):
    """No memory-tile buffer but the first, with other values."""
    found = with_buffer(**fields)
    return replace(found, plan=replace(found.plan, buffers=(found.plan.buffers[IN],)))


def reading(tiling):
    """The first buffer read by one walk."""
    port = BASE.plan.buffers[IN].readers[0]
    return with_buffer(readers=(replace(port, tiling=tiling),))


def on(**fields):
    """On another device."""
    return replace(BASE, device=replace(VEK280, **fields))


def with_dma(**fields):
    generation = VEK280.generation
    return on(generation=replace(generation, dma=replace(generation.dma, **fields)))


def placed(column, row):
    return replace(BASE, placement=BASE.placement | {"dense0": (column, row)})


def code_of(target):
    """A first layer whose code is estimated at so many bytes."""
    def of(cycles):
        figures = BASE.layers[0].cycles.copy()
        figures["block_cycles"] = cycles
        subject = replace(BASE, layers=(replace(BASE.layers[0], cycles=figures),))
        return subject, next(iter(RULE["program_memory"].measure(subject))).used

    (_, low), (_, high) = of(1e4), of(2e4)
    return of(1e4 + (target - low) * 1e4 / (high - low))[0]


def to_tiles(count, column):
    """So many streams from the first buffer, in column 0, to tiles of a column."""
    port = replace(BASE.plan.buffers[IN].readers[0], ends=(KernelEnd("dense0", 0, 0),))
    return replace(alone(memory_tile=(0, 0), readers=(port,) * count, writers=()),
                   placement=BASE.placement | {"dense0": (column, 0)})


HELD = BASE.plan.buffers[IN]
FIRST_OUT = BASE.plan.buffers[OUT].readers[0]
LINEAR = BufferPort(Tiling((64, 8), (64, 8), (0, 0)), (PlioEnd(0),))
RULE = {rule.id: rule for rule in DESIGN_RULES}


def sorting(*loops, run=8):
    """The subject with an edge from tile to tile whose reader walks so, beside its contiguous run."""
    walk = Tiling((512,), (run,), (0,), tuple((0, step, wrap) for step, wrap in loops))
    edge = DirectEdge("sorted", "dense0_y", "int8", 8, 32, 0, 0, (4, 8), KernelEnd("dense0", 0, 1),
                      (KernelEnd("dense1", 0, 0),), "tile_dma", walk)
    return replace(BASE, plan=replace(BASE.plan, direct=(edge,)))


# rule: a subject at the limit, one beyond it, and the figure there
SIDES = {
    "tiles": (lambda: with_layer(tiles=302), lambda: with_layer(tiles=303), 305),
    "plio_in": (lambda: replace(BASE, plio_in=112), lambda: replace(BASE, plio_in=113), 113),
    "plio_out": (lambda: replace(BASE, plio_out=84), lambda: replace(BASE, plio_out=85), 85),
    "array_clock": (lambda: on(clock_mhz=1250.0), lambda: on(clock_mhz=1251.0), 1251),
    "pl_clock": (lambda: on(pl_clock_mhz=625.0), lambda: on(pl_clock_mhz=626.0), 626),
    "program_memory": (lambda: code_of(16384), lambda: code_of(16385), 16385),
    "tile_shared": (lambda: BASE, lambda: replace(BASE, placement=dict.fromkeys(BASE.placement, (3, 3))), 2),
    "cascade_columns": (lambda: placed(36, 0), lambda: placed(37, 0), 39),
    "cascade_rows": (lambda: placed(0, 6), lambda: placed(0, 7), 9),
    "cascade_direction": (lambda: BASE, lambda: on(generation=replace(VEK280.generation, cascade_directions=("S",))),
                          2),
    "tile_channels_in": (lambda: with_buffer(readers=HELD.readers[:1] * 2), lambda: with_buffer(
        readers=HELD.readers[:1] * 3), 3),
    "tile_channels_out": (lambda: with_dma(channels_out=1), lambda: with_dma(channels_out=0), 1),
    "tile_descriptors": (lambda: with_buffer(readers=HELD.readers[1:2] * 7), lambda: with_buffer(
        readers=HELD.readers[1:2] * 8), 18),
    "tile_length": (lambda: with_layer(in_bytes=4 * 16383), lambda: with_layer(in_bytes=4 * 16384), 16384),
    "tile_walk_step": (lambda: sorting((4 * 8191, 2)), lambda: sorting((4 * 8192, 2)), 8192),
    "tile_walk_wrap": (lambda: sorting((16, 255), (4, 2), (8, 300)), lambda: sorting((16, 256)), 256),
    "tile_walk_granularity": (lambda: sorting((12, 2)), lambda: sorting((10, 2)), 2),
    "memory_tile_place": (lambda: with_buffer(memory_tile=(37, 1)), lambda: with_buffer(memory_tile=(37, 2)), 1),
    "memory_tile_channels_in": (lambda: alone(writers=(LINEAR,) * 6), lambda: alone(writers=(LINEAR,) * 7), 7),
    "memory_tile_channels_out": (lambda: alone(readers=(LINEAR,) * 6), lambda: alone(readers=(LINEAR,) * 7), 7),
    "memory_tile_bytes": (lambda: alone(offsets_bytes=(0, 524288 - HELD.bytes)),
                          lambda: alone(offsets_bytes=(0, 524292 - HELD.bytes)), 524292),
    "memory_tile_overlap": (lambda: alone(offsets_bytes=(0, HELD.bytes)),
                            lambda: alone(offsets_bytes=(0, HELD.bytes - 4)), 4),
    "memory_tile_descriptors": (lambda: alone(writers=(LINEAR,) * 6, readers=(LINEAR,) * 6),
                                lambda: alone(writers=(LINEAR,) * 7, readers=(LINEAR,) * 6), 28),
    "walk_dims": (lambda: reading(Tiling((64, 8), (8, 4), (0, 0), ((0, 8, 4), (1, 4, 2)))),
                  lambda: reading(Tiling((64, 8), (8, 2), (0, 0), ((0, 16, 2), (1, 2, 2), (1, 4, 2)))), 5),
    "walk_step": (lambda: reading(Tiling((64, 8), (8, 1), (0, 0), ((0, 4 * 131071, 2),))),
                  lambda: reading(Tiling((64, 8), (8, 1), (0, 0), ((0, 4 * 131072, 2),))), 131072),
    "walk_wrap": (lambda: reading(Tiling((64, 8), (8, 1), (0, 0), ((0, 16, 1023), (1, 4, 5000)))),
                  lambda: reading(Tiling((64, 8), (8, 1), (0, 0), ((0, 16, 1024), (1, 4, 2)))), 1024),
    "walk_length": (lambda: reading(Tiling((64, 8), (4, 1), (0, 0), ((0, 4, 131071),))),
                    lambda: reading(Tiling((64, 8), (4, 1), (0, 0), ((0, 4, 131072),))), 131072),
    "walk_granularity": (lambda: reading(Tiling((64, 8), (8, 4), (4, 0))), lambda: reading(Tiling((64, 8), (8, 4),
                                                                                                 (2, 0))), 2),
    "zero_padding": (lambda: reading(Tiling((8, 8), (8, 4), (0, 0), ((0, 8, 16),))),
                     lambda: reading(Tiling((8, 8), (8, 4), (0, 0), ((0, 8, 17),))), 16),
    "padded_write": (lambda: alone(writers=(LINEAR,)), lambda: alone(writers=(replace(
        LINEAR, tiling=Tiling((64, 8), (64, 8), (0, 1))),)), 1),
    "volumes": (lambda: BASE, lambda: with_buffer(OUT, readers=(replace(
        FIRST_OUT, tiling=replace(FIRST_OUT.tiling, tile=(FIRST_OUT.tiling.tile[0] - 4, 8))),)), 32),
    "streams_across": (lambda: to_tiles(36, 5), lambda: to_tiles(37, 5), 37),
    "streams_into_memory": (lambda: alone(writers=(LINEAR,) * 10), lambda: alone(writers=(LINEAR,) * 11), 11),
    "streams_out_of_memory": (lambda: alone(readers=(LINEAR,) * 10), lambda: alone(readers=(LINEAR,) * 11), 11),
}


def test_the_design_they_are_made_from_breaks_none():
    assert found_in(BASE) == []


def test_every_rule_has_its_sides():
    assert set(SIDES) == set(RULE)


@pytest.mark.parametrize("rule", SIDES)
def test_sides_of_the_limit(rule):
    within, beyond, used = SIDES[rule]
    assert RULE[rule].violations(within()) == []
    found = RULE[rule].violations(beyond())
    limit = RULE[rule].limit(VEK280)
    assert found
    if rule != "tile_channels_out":  # there the limit is moved
        assert (max(one.used for one in found), found[0].limit) == (used, limit)
    assert {one.severity for one in found} == {RULE[rule].severity}
    assert f"at most {found[0].limit:g}" in str(found[0])
    assert RULE[rule].source in str(found[0])


@pytest.mark.parametrize(("copies", "used"), [(2, 12), (4, 24), (5, 30)])
def test_descriptors_of_a_memory_tile_grow_with_the_copies(copies, used):
    subject = alone(writers=(LINEAR,) * 3, readers=(LINEAR,) * 2, copies=copies)
    assert max(one.used for one in RULE["memory_tile_descriptors"].measure(subject)) == used
    assert bool(RULE["memory_tile_descriptors"].violations(subject)) == (used > 24)


def option(**fields):
    """A table of one option, and the work it is of."""
    row = np.zeros(1, OPTION)
    values = dict(M=4, K=8, N=8, cas_length=1, cas_num=1, rows=8, k=64, n=64, tiles=1, in_bytes=512, weight_bytes=4096,
                  bias_bytes=256, out_bytes=512, issues=1, acc_bits=32, block_rows=2, block_columns=2)
    for name, value in (values | {k: v for k, v in fields.items() if k in OPTION.names}).items():
        row[name] = value
    plain = Work(8, 64, 64, FixedPoint(8, 7), FixedPoint(8, 7), FixedPoint(8, 7), 24)
    return row, replace(plain, **{k: v for k, v in fields.items() if k not in OPTION.names})


def ints(frac):
    return FixedPoint(32, frac)


OPTION_SIDES = {
    "accumulator_width": (dict(accumulator_bits=32), dict(accumulator_bits=33), 1),
    "result_vector": (dict(M=4, N=4), dict(M=3, N=5), 1),
    "cascade_beat": (dict(M=4, N=4, cas_length=2), dict(M=3, N=5, cas_length=2), 1),
    "exact_int32": (dict(output=ints(14)), dict(output=ints(13)), 1),
    "word_granularity": (dict(K=4), dict(K=2), 1),
    "side_by_side": (dict(beside=True, n=64), dict(beside=True, n=72), 8),
    "weights_banks": (dict(weight_bytes=32768), dict(weight_bytes=32769), 32769),
    "activation_bank": (dict(in_bytes=16000, out_bytes=384), dict(in_bytes=16000, out_bytes=385), 16385),
    "bias_bank": (dict(bias_bytes=16384 - 2080), dict(bias_bytes=16385 - 2080), 16385),
    "row_readers": (dict(split=ROWS, cas_num=6), dict(split=ROWS, cas_num=7), 7),
}


@pytest.mark.parametrize("rule", OPTION_RULES, ids=lambda rule: rule.id)
def test_sides_of_the_limit_of_an_option(rule):
    if rule.id == "accumulator_registers":  # it depends on the register blocking, so the limit is moved
        row, work = option()
        used = int(rule.used(row, work, VEK280)[0])
        for bits, broken in ((used, False), (used - 1, True)):
            generation = replace(VEK280.generation, accumulator_registers=1, accumulator_register_bits=bits)
            assert rule.broken(row, work, replace(VEK280, generation=generation))[0] == broken
        return
    within, beyond, used = OPTION_SIDES[rule.id]
    assert not rule.broken(*option(**within), VEK280)[0]
    assert rule.broken(*option(**beyond), VEK280)[0]
    assert int(rule.used(*option(**beyond), VEK280)[0]) == used


def test_weights_of_two_banks_share_one_with_what_else_a_tile_holds():
    rule = next(rule for rule in OPTION_RULES if rule.id == "activation_bank")
    full = dict(in_bytes=13000, out_bytes=1048, bias_bytes=256, weight_bytes=16385)  # and 2080 of stack, heap and sync
    assert not rule.broken(*option(**full), VEK280)[0]
    assert rule.broken(*option(**full | {"out_bytes": 1049}), VEK280)[0]


@pytest.mark.parametrize(("bits", "legal"), [(32, True), (64, True), (128, True), (16, False), (256, False)])
def test_width_of_a_plio(bits, legal):
    if legal:
        assert replace(VEK280, plio_bits=bits).plio_bits == bits
    else:
        with pytest.raises(DeviceError, match="bits wide"):
            replace(VEK280, plio_bits=bits)


@pytest.mark.parametrize(("wraps", "expected"), [((), 2), ((9,), 2), ((9, 9), 2), ((9, 9, 3), 6), ((2, 2, 3, 5), 30)])
def test_descriptors_of_a_tile_port(wraps, expected):
    assert port_descriptors(wraps, VEK280.generation.dma.dims) == expected


def test_rules_have_names_of_their_own():
    assert len({rule.id for rule in RULES}) == len(RULES) == len(BUILT_IN) + len(LAYER_RULES) + len(PLANNING) + len(
        DESIGN_RULES)
    assert [rule.id for rule in LAYER_RULES] == [rule.id for rule in OPTION_RULES]


def test_a_limit_that_nobody_published_is_not_checked():
    dma = replace(VEK280.generation.memory_tile.dma, wrap_max=None)
    memory = replace(VEK280.generation.memory_tile, dma=dma)
    generation = dataclasses.replace(VEK280.generation, memory_tile=memory)
    subject = replace(SIDES["walk_wrap"][1](), device=replace(VEK280, generation=generation))
    assert RULE["walk_wrap"].violations(subject) == []


def test_the_table_in_the_documents_is_current():
    text = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    assert text == markdown(), "run: python -m aie_explorer.checks > docs/rules.md"
