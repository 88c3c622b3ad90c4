"""From operations as the model spells them to the Dense chain the array runs."""

from __future__ import annotations

from aie_explorer.ir import Network
from aie_explorer.passes.accumulators import BoundAccumulators
from aie_explorer.passes.base import Pass
from aie_explorer.passes.drop import DropReshapes
from aie_explorer.passes.form import FormLayers
from aie_explorer.passes.side_by_side import FillSlices, ShareStorage

PIPELINE: tuple[Pass, ...] = (DropReshapes(), FormLayers(), FillSlices(), ShareStorage(), BoundAccumulators())


def lower(network: Network) -> Network:
    """A network of Dense operations only, every tensor typed, every accumulator bounded.

    Raises:
        ModelError: where the model asks for arithmetic the array cannot reproduce, with the layer and the remedy.
    """
    for step in PIPELINE:
        network = step.apply(network)
    return network
