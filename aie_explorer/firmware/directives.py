"""A design as directives for the AIE backend of hls4ml, the plugin aie4ml: its user's own keys, checked with 0.2.1."""

from __future__ import annotations

from typing import Any

from aie_explorer.design import Design
from aie_explorer.errors import DesignError
from aie_explorer.ir.network import Dense

CONTRACTS = {"features": "inner", "rows": "outer"}
"""By `Choice.split` what the peer calls it."""


def directives(design: Design) -> dict[str, Any]:
    """What `hls4ml.converters.convert_from_keras_model(.., backend="AIE")` is given to build the same cascades.

    Layers that were put somewhere (`Design.pins`) have their place; the others are left to the peer, which refuses
    places that touch. The blocking of a kernel and how results travel have no key there, and the peer knows fewer cuts
    than this package: what it cannot build it refuses in words.

    Args:
        design: of dense layers, one copy.

    Returns:
        `arguments`: keywords of the conversion; `LayerName`: by the model's layer what to merge into that entry of the
        configuration of hls4ml.

    Raises:
        DesignError: for a layer or a number of copies that has no such directives.
    """
    if design.copies > 1:
        raise DesignError("several copies of a network have no directives", where=design.network.name,
                          remedy="Export a design of one copy")
    for op, layer in zip(design.network.layers, design.space.layers, strict=True):
        if (not isinstance(op, Dense) or op.model_macs is not None or len(op.inputs) > 1
                or layer.work.rows != design.network.batch):
            raise DesignError("only chains of dense layers have such directives", where=op.name)
    pins = dict(design.pins)
    return {
        "arguments": {"backend": "AIE", "batch_size": design.network.batch,
                      "plio_width_bits": design.device.plio_bits, "pl_clock_freq_mhz": design.device.pl_clock_mhz},
        "LayerName": {name: {
            "parallelism": {"cas_num": choice.cas_num, "cas_length": choice.cas_length,
                            "contract": CONTRACTS[choice.split]},
            "microtiling": dict(zip(("microtile_m", "microtile_k", "microtile_n"), choice.microtile, strict=True)),
            **({"placement": dict(zip(("col", "row"), pins[name], strict=True))} if name in pins else {}),
        } for name, choice in design.layers.items()}}
