"""What a Vitis run measured, beside what was estimated, and constants fitted to it."""

from aie_explorer.measured.calibrate import calibrate, load_profile, profiles
from aie_explorer.measured.compare import comparison
from aie_explorer.measured.read import Measured, read
from aie_explorer.measured.records import FunctionProfile, PortRecord

__all__ = [
    "FunctionProfile", "Measured", "PortRecord", "calibrate", "comparison", "load_profile", "profiles", "read",
]
