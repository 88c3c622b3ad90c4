"""Published measurements, the constants fitted to them, and how far predictions are off."""

from aie_explorer.cycles.calibration.predict import Prepared, predict, prepare
from aie_explorer.cycles.calibration.rows import Measurement, measurements
from aie_explorer.cycles.calibration.table import error_frame, summary_frame

__all__ = ["Measurement", "Prepared", "error_frame", "measurements", "predict", "prepare", "summary_frame"]
