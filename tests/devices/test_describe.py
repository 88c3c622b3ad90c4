"""Devices in files."""

import dataclasses
import json

import pytest

from aie_explorer.devices import describe, described, devices, find
from aie_explorer.errors import DeviceError


@pytest.mark.parametrize("device", devices(), ids=str)
def test_what_the_catalogue_has_goes_by_name(device):
    clocked = dataclasses.replace(device, clock_mhz=999.0, pl_clock_mhz=200.0)
    assert isinstance(describe(clocked), str)
    assert described(describe(clocked), 999.0, 200.0, device.plio_bits) == clocked


@pytest.mark.parametrize("changes", [
    {"name": "MINE"}, {"tiles": 96}, {"part": "xcve2802-vsvh1760-2MP-e-S", "board": "mine"},
    {"geometry": dataclasses.replace(find("vek280").geometry, columns=12)}, {"geometry": None}])
def test_a_device_made_by_hand_comes_back(changes):
    mine = dataclasses.replace(find("vek280"), **changes)
    again = described(json.loads(json.dumps(describe(mine))), mine.clock_mhz, mine.pl_clock_mhz, mine.plio_bits)
    assert dataclasses.replace(again, note=mine.note) == mine


def test_a_part_of_another_grade_goes_by_its_part():
    part = find("xcve2802-vsvh1760-1LP-e-S")
    assert described(describe(part), part.clock_mhz, part.pl_clock_mhz, part.plio_bits).part == part.part


def test_a_generation_made_by_hand_is_refused():
    generation = dataclasses.replace(find("vek280").generation, bank_bytes=8192)
    with pytest.raises(DeviceError, match="generation AIE-ML is not that of the catalogue"):
        describe(dataclasses.replace(find("vek280"), generation=generation))
    with pytest.raises(DeviceError, match=r"no generation 'AIE-X'.*AIE-ML"):
        described({"generation": "AIE-X", "name": "x", "geometry": None}, 1000.0, 250.0, 128)
