"""Design-space explorer and compiler for quantized neural networks on AMD AI Engines.

    import aie_explorer as aie
    net = aie.load("jet_tagger.h5", batch=8)
    ex = aie.Explorer(net, device="vek280")
    design = ex.best("interval", max_tiles=64)
    design.export("build/jet")
"""

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
