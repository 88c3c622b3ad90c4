"""The Vitis project of a design: ADF graph, kernels, weights, data, build files."""

from aie_explorer.firmware.export import export
from aie_explorer.firmware.project import FirmwareProject
from aie_explorer.firmware.verify import Verdict

__all__ = ["FirmwareProject", "Verdict", "export"]
