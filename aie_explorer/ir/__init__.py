"""Integer semantics of a network: exact types, operations, tensors."""

from aie_explorer.ir.network import CHANNEL_BLOCK, Add, Concat, Dense, Network, Op, Quantize, Relu, Reshape, Tensor
from aie_explorer.ir.types import (
    FixedPoint,
    IntArray,
    QuantizedArray,
    quantize,
    requantize,
    shift_round,
    storage_bytes,
)

__all__ = [
    "CHANNEL_BLOCK",
    "Add",
    "Concat",
    "Dense",
    "FixedPoint",
    "IntArray",
    "Network",
    "Op",
    "Quantize",
    "QuantizedArray",
    "Relu",
    "Reshape",
    "Tensor",
    "quantize",
    "requantize",
    "shift_round",
    "storage_bytes",
]
