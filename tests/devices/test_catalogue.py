import dataclasses
import json
from importlib import resources

import pytest

from aie_explorer import devices
from aie_explorer.errors import DeviceError

PAIRS = ("int8xint8", "int16xint8", "int8xint16", "int16xint16")
ALL = devices.devices()


@pytest.mark.parametrize(
    ("name", "device", "columns", "rows"),
    [("vek280", "VE2802", 38, 8), ("VE2802", "VE2802", 38, 8), ("xcve2802-vsvh1760-2MP-e-S", "VE2802", 38, 8),
     ("xilinx_vek280_base_202510_1", "VE2802", 38, 8), ("ve2302", "VE2302", 17, 2), ("VCK190", "VC1902", 50, 8),
     (" vek385 ", "2VE3858", 36, 4)],
)
def test_a_device_is_found_by_name_board_platform_and_part(name, device, columns, rows):
    found = devices.find(name)
    assert (found.name, found.columns, found.rows) == (device, columns, rows)
    assert devices.find(found) is found


def test_the_speed_grade_of_a_part_sets_the_clocks():
    slow = devices.find("xcve2802-vsvh1760-1mp-i-s")
    assert (slow.part, slow.clock_mhz, slow.pl_clock_mhz) == ("xcve2802-vsvh1760-1MP-i-S", 1150.0, 287.5)
    assert devices.find("VE2802").clock_mhz == 1250.0


@pytest.mark.parametrize(
    ("name", "words"),
    [("vek28", "VEK280"), ("", "closest"), (None, "not the name"), ("xcve2802-vsvh1760-9MP-e-S", "-9M"),
     ("xcve9999-vsvh1760-2MP-e-S", "xcve2802-vsvh1760-2MP-e-S")],
)
def test_an_unknown_name_is_refused_with_what_would_work(name, words):
    with pytest.raises(DeviceError, match=words):
        devices.find(name)


def test_figures_no_document_gives_are_refused_by_name():
    with pytest.raises(DeviceError, match="VE2602: the shape of the array"):
        devices.find("VE2602").columns  # noqa: B018
    assert not devices.find("VE2602").has_geometry


def test_memory_tile_rows_that_no_document_gives_are_assumed_to_be_the_fewest_there_can_be():
    device = devices.find("VEK385")
    assert device.geometry.memory_tile_rows is None
    assert (device.memory_tile_rows, device.memory_tiles) == (1, 36)
    more = dataclasses.replace(device, geometry=dataclasses.replace(device.geometry, memory_tile_rows=2))
    assert more.memory_tiles == 72
    assert devices.find("VCK190").memory_tile_rows == 0


@pytest.mark.parametrize("device", ALL, ids=str)
def test_the_figures_of_a_device_agree_with_each_other(device):
    if device.has_geometry:
        assert device.columns * device.rows == device.tiles
        assert device.pl_columns <= device.columns
    generation = device.generation
    assert generation.bank_count * generation.bank_bytes == generation.data_memory_bytes
    memory = generation.memory_tile
    assert memory is None or memory.bank_count * memory.bank_bytes == memory.size_bytes
    assert hash(device) == hash(dataclasses.replace(device))


def test_the_geometry_of_the_vek280():
    device = devices.find("VEK280")
    assert (device.memory_tile_rows, device.memory_tiles, device.first_pl_column, device.pl_columns) == (2, 76, 5, 28)
    assert (device.plio_in_per_column, device.plio_out_per_column, device.plio_bytes_per_cycle) == (4, 3, 4.0)
    narrow = dataclasses.replace(device, plio_bits=32)
    assert (narrow.plio_in_per_column, narrow.plio_out_per_column, narrow.plio_bytes_per_cycle) == (8, 6, 1.0)
    with pytest.raises(DeviceError, match="96 bits"):
        dataclasses.replace(device, plio_bits=96)


def test_a_128_bit_plio_fills_half_a_stream_of_the_newest_generation():
    device = devices.find("VEK385")
    assert device.plio_bytes_per_cycle == device.generation.stream_bytes_per_cycle / 2


@pytest.mark.parametrize(("board", "a", "b", "peak", "first"), [
    ("VEK280", "int8", "int8", 256, (4, 8, 8)), ("VEK280", "uint8", "int8", 256, (4, 8, 8)),
    ("VEK280", "uint16", "int8", 128, (4, 4, 8)), ("VEK280", "int16", "int16", 64, (4, 4, 4)),
    ("VCK190", "int8", "uint8", 128, (4, 8, 4)), ("VEK385", "int8", "int8", 512, (8, 8, 8)),
])
def test_microtiles_and_peak_of_a_pair(board, a, b, peak, first):
    tiles = devices.microtiles(board, a, b)
    assert tiles[0].shape == first
    assert devices.peak_macs_per_cycle(board, a, b) == peak


@pytest.mark.parametrize("board", ["VEK280", "VCK190", "VEK385"])
@pytest.mark.parametrize("pair", PAIRS)
def test_no_microtile_beats_the_peak_and_one_reaches_it(board, pair):
    a, b = pair.split("x")
    tiles, peak = devices.microtiles(board, a, b), devices.peak_macs_per_cycle(board, a, b)
    assert max(tile.macs / tile.issues for tile in tiles) == peak
    assert len({tile.shape for tile in tiles}) == len(tiles)
    for tile in tiles:
        assert tile.lanes == tile.M * tile.N
        assert tile.held_bits >= tile.lanes * tile.accumulator_bits
        assert tile.pair == pair
        assert tile.source
        # A shape that wastes lanes or widens an operand says so.
        assert tile.kind != "native" or tile.macs / tile.issues == peak or tile.shuffles


def test_types_the_matrix_unit_does_not_take_are_refused():
    with pytest.raises(DeviceError, match="signed"):
        devices.microtiles("VCK190", "uint16", "int8")
    with pytest.raises(DeviceError, match="int4"):
        devices.peak_macs_per_cycle("VEK280", "int8", "int4")


def test_intrinsics_that_are_not_a_shape_of_the_api_are_left_out():
    assert (4, 8, 16) not in {tile.shape for tile in devices.microtiles("VEK385", "int8", "int8")}


def test_the_table_lists_every_device():
    frame = devices.to_frame()
    assert list(frame.index) == [device.name for device in ALL]
    assert frame.loc["VE2802", "int8_peak_tops"] == pytest.approx(194.6)
    assert frame["columns"].isna()["VE2602"]


def test_every_figure_of_the_catalogue_has_a_source():
    catalogue = json.loads((resources.files("aie_explorer.devices") / "catalogue.json").read_text())

    def figures(entry):
        for item in entry.values():
            if item is not None:
                yield from [item] if "value" in item else figures(item)

    found = [figure for generation in catalogue["generations"].values() for figure in figures(generation)]
    assert len(found) > 100
    assert all(figure["source"] for figure in found)
    for entry in catalogue["devices"]:
        for name in ("pl_columns", "first_pl_column", "part"):
            assert (name in entry["sources"]) == (entry[name] is not None)
        assert entry["sources"]["geometry"]
