"""The input's quantizer becomes the type of the input: the host quantizes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from aie_explorer.errors import ModelError
from aie_explorer.ir import FixedPoint, Network, Quantize, Relu
from aie_explorer.passes.base import rebuilt
from aie_explorer.passes.ranges import Range


@dataclass(frozen=True)
class AbsorbInputQuantizer:
    """Fold the quantizers and ReLUs at the input into the input tensor's type."""

    name: str = "absorb_input_quantizer"

    def apply(self, network: Network) -> Network:
        """The network whose input has an exact type.

        Raises:
            ModelError: when nothing quantizes the input, or no type has exactly the values that pass.
        """
        (source,) = network.inputs
        tensor = network.tensors[source]
        reached = None if tensor.type is None else Range.of(tensor.type)
        rectified = False
        ops = list(network.ops)
        while ops and isinstance(ops[0], (Quantize, Relu)):
            op = ops.pop(0)
            if isinstance(op, Quantize):
                target = network.type_of(op.output)
                reached = Range.of(target) if reached is None else _again(reached, target, op)
            rectified = rectified or isinstance(op, Relu)
            # A ReLU before the quantizer gives the same as after it: rounding keeps the sign.
            reached = reached.relu() if rectified and reached is not None else reached
        if reached is None:
            raise ModelError("the model does not quantize its input", where=source,
                             remedy='Give input_type="quantized_bits(8,0,alpha=1)" to load, or begin the model with a '
                                    "QActivation")
        exact = reached.as_type()
        if exact is None:
            raise ModelError(f"the input takes the integers {reached.low} to {reached.high}, which no type has",
                             where=source, remedy="Use one quantizer at the input")
        if ops:
            ops[0] = dataclasses.replace(ops[0], input=source)
        return rebuilt(network, ops, [dataclasses.replace(tensor, type=exact)])


def _again(reached: Range, target: FixedPoint, op: Quantize) -> Range:
    found = reached.quantized(target)
    if found is None:
        raise ModelError(f"quantizes to {target} what is already quantized to {reached.type}", where=op.source,
                         rule="rounding twice is not the same as rounding once", remedy="Remove one of the quantizers")
    return found
