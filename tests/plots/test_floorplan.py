import itertools
import re

import pytest
from networks import mlp

import aie_explorer as aie
from aie_explorer.plots import floorplan_figure, floorplan_info
from aie_explorer.plots.floorplan import BlockInfo, EdgeInfo, FloorplanInfo


@pytest.fixture(scope="module")
def info():
    ex = aie.Explorer(mlp([64, 64, 32, 10]), constraints={"route": "memory_tile"})
    return floorplan_info(ex.best("interval", max_tiles=20))


def test_every_edge_says_its_kind_and_the_memory_tiles_it_passes(info):
    names = [block.name for block in info.blocks]
    assert [(names[e.producer], names[e.consumer]) for e in info.edges] == list(itertools.pairwise(names))
    used = {(m.column, m.row) for m in info.memory_tiles}
    for edge in info.edges:
        assert edge.kind == "memory_tile"
        assert set(edge.via) <= used
        assert edge.via
        assert "through a memory tile" in edge.text


def test_direct_edges_say_how():
    one = {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1}
    design = aie.Explorer(mlp([64, 64, 32, 10])).design(
        {"dense0": one, "dense1": one | {"route": "memory_tile"}, "dense2": one})
    direct, staged = floorplan_info(design).edges
    assert (direct.kind, direct.via, direct.text) == ("direct", (), "dense0 to dense1: direct, by 1 shared_memory")
    assert staged.kind == "memory_tile"


def test_plios_past_the_memory_tiles_are_drawn_to_their_blocks():
    one = {"microtile": "4x8x8", "cas_length": 1, "cas_num": 1}
    design = aie.Explorer(mlp([64, 64, 10])).design(
        {"dense0": one | {"ports": "direct_in"}, "dense1": one | {"ports": "direct_out"}})
    info = floorplan_info(design)
    assert [(port.block, port.into, port.text) for port in info.ports] == [
        (0, True, f"dense0: 1 PLIO straight into the tiles of column {info.blocks[0].column}, row by row, "
                  "512 bytes a call at most"),
        (1, False, f"dense1: 1 PLIO straight out of the tiles of column {info.blocks[1].column}, row by row, "
                   "128 bytes a call at most")]
    assert not info.memory_tiles
    lines = [trace for trace in floorplan_figure(info).data if trace.name == "PLIOs of tiles"]
    into, out = lines
    assert into.y[0] == out.y[1] < -2  # the row of PLIOs
    assert (into.y[1] > info.blocks[0].row, out.y[0] > info.blocks[1].row) == (True, True)
    assert into.hovertext[0] == info.ports[0].text


def test_plios_of_several_columns_of_a_block_are_drawn_apart():
    design = aie.Explorer(mlp([64, 64, 32])).design({
        "dense0": {"microtile": "4x8x8", "cas_length": 2, "cas_num": 2, "split": "features", "ports": "direct_in"},
        "dense1": {"microtile": "4x8x8", "cas_length": 1, "cas_num": 2, "split": "features", "ports": "direct_out"}})
    info = floorplan_info(design)
    first, last = info.blocks
    assert [(port.into, port.column, port.row, port.count) for port in info.ports] == [
        (True, first.column, first.row, 1), (True, first.column + 1, first.row, 1),
        (False, last.column, last.row, 2)]
    assert "2 PLIOs straight out of the tiles" in info.ports[-1].text


def test_plios_begin_where_there_is_an_interface():
    choice = {"microtile": "4x8x8", "cas_length": 2, "cas_num": 1, "ports": "direct_in"}
    design = aie.Explorer(mlp([64, 64, 10])).design({"dense0": choice}).pinned({"dense0": (0, 0)})
    info = floorplan_info(design)
    into = [port for port in info.ports if port.into]
    assert [port.column for port in into] == [0, 1]
    assert {port.foot for port in into} == {min(info.pl_columns)} == {5}
    line = next(trace for trace in floorplan_figure(info).data if trace.name == "PLIOs of tiles")
    assert (5 < line.x[0] < 6, 0 < line.x[1] < 1) == (True, True)


def test_plio_columns_and_cascades_are_told(info):
    assert info.pl_columns == tuple(range(5, 33))
    assert info.cascade == "west to east"
    figure = floorplan_figure(info)
    plio = next(trace for trace in figure.data if trace.name == "PL interface")
    assert list(plio.x) == [column + 0.5 for column in info.pl_columns]
    assert "PLIO" in figure.layout.yaxis.ticktext
    assert "cascade, west to east" in figure.layout.title.text


def test_direct_edges_and_those_through_memory_tiles_look_different():
    blocks = tuple(BlockInfo(name, name, "#0072B2", i * 3, 0, 2, 2, name) for i, name in enumerate("abc"))
    edges = (EdgeInfo(0, 1, "direct", (), "a to b"), EdgeInfo(1, 2, "memory_tile", ((5, 1),), "b to c"))
    figure = floorplan_figure(FloorplanInfo(10, 4, 2, blocks, (), edges, "small"))
    lines = {trace.name: trace for trace in figure.data if trace.mode == "lines"}
    assert set(lines) == {"direct", "through a memory tile"}
    direct, through = lines["direct"], lines["through a memory tile"]
    assert (direct.line.dash, through.line.dash) == ("solid", "dot")
    assert direct.line.color != through.line.color
    # out of the east column, into the west column
    assert 1 < direct.x[0] < 2
    assert 3 < direct.x[1] < 4
    assert (through.x[1], through.y[1]) == (5.5, pytest.approx(-0.55))  # the upper row of memory tiles
    assert len(figure.layout.annotations) == 2


def test_marks_stand_out_from_their_block(info):
    figure = floorplan_figure(info)
    for block in info.blocks:
        trace = next(t for t in figure.data if t.name == f"{block.letter} {block.name}")
        inks = [_luminance(trace.textfont.color), _luminance(block.colour)]
        assert (max(inks) + 0.05) / (min(inks) + 0.05) > 4.5  # the least contrast of WCAG 2 for text


def _luminance(colour):
    parts = [int(part, 16) / 255 for part in re.findall("..", colour[1:])]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
