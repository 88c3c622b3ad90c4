"""Design-space explorer and compiler for quantized neural networks on AMD AI Engines.

    import aie_explorer as aie
    net = aie.load("jet_tagger.h5", batch=8)
    ex = aie.Explorer(net, device="vek280")
    design = ex.best("interval", max_tiles=64)
    design.export("build/jet")

What stands here is imported when it is first used, so that `import aie_explorer` and the command line begin at once.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

if _TYPE_CHECKING:
    from aie_explorer.design import Design, Estimate, load_design
    from aie_explorer.errors import AieExplorerError
    from aie_explorer.explorer import Explorer
    from aie_explorer.frontends import load
    from aie_explorer.ir import FixedPoint, Network
    from aie_explorer.models import sweep_models
    from aie_explorer.search.store import read_sweep

__version__ = "0.1.0"

__all__ = ["AieExplorerError", "Design", "Estimate", "Explorer", "FixedPoint", "Network", "__version__", "load",
           "load_design", "read_sweep", "sweep_models"]

_HOMES = {"AieExplorerError": "errors", "Design": "design", "Estimate": "design", "Explorer": "explorer",
          "FixedPoint": "ir", "Network": "ir", "load": "frontends", "load_design": "design",
          "read_sweep": "search.store", "sweep_models": "models"}
"""The module of each name; the same as what type checkers read above."""


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(_import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
