"""Memory-tile buffers in parts: nothing is lost, nothing is twice, and each part fits."""

import dataclasses

import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.devices import find
from aie_explorer.transport import KernelEnd, staged
from aie_explorer.transport.divide import cut_to_fit, divide, divided_to_fit, parted
from aie_explorer.transport.locate import fits_alone

DEVICE = find("vek280")


def held_of(name, layers, dims, batch=8):
    design = aie.Explorer(mlp(dims, batch=batch)).design(layers)
    return next(held for held in staged(design.space).buffers if held.name == name)


def cut(length, num, **more):
    return {"microtile": "4x8x8", "cas_length": length, "cas_num": num} | more


def ends(ports):
    return [end for port in ports for end in port.ends]


@pytest.mark.parametrize(("name", "layers", "dims", "batch"), [
    ("x_0", {"dense0": cut(4, 1)}, [64, 16], 8),  # one PLIO, one slice each
    ("dense0_y_0", {"dense0": cut(1, 4, route="memory_tile"), "dense1": cut(4, 1)}, [32, 128, 8], 8),
    ("dense0_y_0", {"dense0": cut(1, 4, split="rows")}, [32, 16], 32),  # an output in rows
])
def test_a_buffer_is_cut_where_no_walk_crosses(name, layers, dims, batch):
    held = dataclasses.replace(held_of(name, layers, dims, batch), copies=4)
    assert not fits_alone(held, DEVICE)
    parts = cut_to_fit(held, DEVICE, {held.name})
    assert len(parts) > 1
    assert all(fits_alone(part, DEVICE) for part in parts)
    assert len({part.name for part in parts}) == len(parts)
    assert ends(port for part in parts for port in part.writers) == ends(held.writers)
    assert ends(port for part in parts for port in part.readers) == ends(held.readers)
    assert sum(part.bytes for part in parts) == held.bytes
    moved = sum(port.tiling.elements for part in parts for port in (*part.writers, *part.readers))
    assert moved == sum(port.tiling.elements for port in (*held.writers, *held.readers))
    for part in parts:
        for port in part.writers:
            assert port.tiling.buffer == (part.columns, part.rows)
            assert not port.tiling.pads
    corners = [(piece.parts[0].first_column, piece.first_row) for piece in parts]
    assert corners == sorted(set(corners))
    assert corners[0] == (0, 0)


def test_a_walk_that_crosses_everything_is_not_cut():
    held = held_of("dense0_y_0", {"dense0": cut(1, 4), "dense1": cut(1, 1)}, [32, 128, 8])
    held = dataclasses.replace(held, copies=6)
    assert cut_to_fit(held, DEVICE, set()) == divided_to_fit(held, DEVICE, set()) == [held]


def test_readers_are_divided_and_writers_send_to_all():
    layers = {"dense0": cut(1, 1), "dense1": cut(6, 1, microtile="8x8x8", blocking="1x1")}
    held = dataclasses.replace(held_of("dense0_y_0", layers, [32, 48, 8]), copies=4)
    parts = divided_to_fit(held, DEVICE, set())
    assert len(parts) == 2
    assert all(part.writers == held.writers for part in parts)
    assert ends(port for part in parts for port in part.readers) == ends(held.readers)
    assert all(isinstance(end, KernelEnd) for end in ends(held.readers))
    taken = {"dense0_y_0_part0"}
    assert not {part.name for part in divide(held, [3, 3], taken)} & taken


def test_what_a_plio_fills_is_not_divided_among_readers():
    held = dataclasses.replace(held_of("x_0", {"dense0": cut(4, 1)}, [64, 16]), copies=4)
    assert divided_to_fit(held, DEVICE, set()) == [held]


def test_a_plan_that_fits_is_the_same():
    plan = staged(aie.Explorer(mlp([64, 32, 10])).best("tiles").space)
    assert parted(plan, DEVICE, cut_to_fit) is plan
