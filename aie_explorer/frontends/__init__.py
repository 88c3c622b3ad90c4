"""Models of other tools to networks of exact integers."""

from aie_explorer.frontends.load import load
from aie_explorer.frontends.predict import qkeras_predict

__all__ = ["load", "qkeras_predict"]
