"""Models of other tools to networks of exact integers."""

from aie_explorer.frontends.load import load

__all__ = ["load"]
