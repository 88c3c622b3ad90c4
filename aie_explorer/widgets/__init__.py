"""The notebook interface. Nothing else in the package imports it."""

from aie_explorer.widgets.explorer_ui import ExplorerUi, explorer_ui

__all__ = ["ExplorerUi", "explorer_ui"]
