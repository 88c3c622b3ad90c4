import pytest

from aie_explorer.cycles.calibration import error_frame


@pytest.fixture(scope="session")
def errors():
    """Predicted and measured cycles of every published row."""
    return error_frame().set_index("row")
