"""Dense layers to operations on integers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import ModelError
from aie_explorer.frontends.activate import activation_steps
from aie_explorer.frontends.graph import Layer
from aie_explorer.frontends.qkeras.quantizer import Quantizer, parse_quantizer
from aie_explorer.frontends.qkeras.weights import Role, ScaledIntegers, weight_integers
from aie_explorer.frontends.raw import WEIGHT_LIMIT, FloatArray, as_integer
from aie_explorer.frontends.steps import Shape, Step
from aie_explorer.ir import FixedPoint, IntArray, QuantizedArray
from aie_explorer.passes.affine import dyadic

USE = 'Use QDense with kernel_quantizer="quantized_bits(8,0,alpha=1)"'
MOST_WEIGHT_BITS = 16
MOST_BIAS_BITS = 32


def dense_steps(layer: Layer, arrays: Sequence[FloatArray], shape: Shape, *, last: bool) -> tuple[Step, ...]:
    """A Dense on the last axis; on the positions of the other axes it is one matrix of blocks on the diagonal.

    Raises:
        ModelError: when the weights are not those of the configuration, or no integers of a power of two an output.
    """
    config, where = layer.config, layer.where
    units = as_integer(config.get("units"), "units", where)
    with_bias = bool(config.get("use_bias", True))
    expected: list[Shape] = [(shape[-1], units), (units,)][: 1 + with_bias]
    if units < 1 or [array.shape for array in arrays] != expected:
        found = ", ".join(str(array.shape) for array in arrays) or "none"
        raise ModelError(f"its configuration asks for weights of shape {', '.join(map(str, expected))} but the file "
                         f"holds {found}", where=where, remedy="Save the model again from Keras")
    if not all(np.all(np.isfinite(array)) for array in arrays):
        raise ModelError("its weights hold NaN or infinite values", where=where, remedy="Train the model again")
    if config.get("lora_rank") is not None or config.get("quantization_config") is not None:
        raise ModelError("the layer uses Keras's own LoRA or quantization", where=where, remedy="Use QDense instead")
    kernel = kernel_integers(layer, arrays[0])
    bias = bias_integers(layer, arrays[1]) if with_bias else None
    return (*product_steps(layer, kernel, bias, shape),
            *activation_steps(layer, config.get("activation"), (*shape[:-1], units), last=last))


def product_steps(layer: Layer, kernel: ScaledIntegers, bias: ScaledIntegers | None, shape: Shape) -> tuple[Step, ...]:
    """The product with a kernel [k, n] and the sum with a bias [n], exactly.

    Scales that are powers of two become fraction bits, of each output its own; others a gain after the sum.
    """
    units = kernel.integers.shape[1]
    positions = math.prod(shape[:-1])
    if positions**2 * kernel.integers.size > WEIGHT_LIMIT:
        raise ModelError(f"{positions} positions of a {shape[-1]} x {units} layer make too large a matrix",
                         where=layer.where, remedy="Use fewer positions")
    out = (*shape[:-1], units)
    integers = np.kron(np.eye(positions, dtype=np.int64), kernel.integers) if positions > 1 else kernel.integers
    mantissas, frac = (np.tile(part, positions) for part in dyadic(np.broadcast_to(kernel.scale, (units,))))
    note = f"{layer.name}: its {positions} positions made one matrix of blocks on the diagonal" if positions > 1 else ""
    macs = positions * kernel.integers.size
    frac = np.where(mantissas == 0, int(frac.max()), frac)  # a scale of zero has only zeros to scale
    # signed: an unsigned type takes one bit more
    width = max(kernel.bits + (not kernel.signed and bool(np.any(integers >= 2 ** (kernel.bits - 1)))), 2)
    offset = None if bias is None else np.tile(np.broadcast_to(bias.integers * bias.scale, (units,)), positions)
    if np.any(mantissas > 1):
        gain = np.tile(np.broadcast_to(kernel.scale, (units,)), positions)
        return (Step("dense", layer.name, out, weights=QuantizedArray(integers, FixedPoint(width, 0)), macs=macs,
                     note=note),
                Step("scale", layer.name, out, gain=gain, offset=np.zeros(len(gain)) if offset is None else offset))
    common = int(frac.min())
    finer = frac - common if np.any(frac != common) else None
    weights = QuantizedArray(integers, FixedPoint(width, common))
    held = None if bias is None else _held_bias(bias, positions, finer, layer.where)
    return (Step("dense", layer.name, out, weights=weights, bias=held, finer=finer, macs=macs, note=note),)


def _held_bias(bias: ScaledIntegers, positions: int, finer: IntArray | None, where: str) -> QuantizedArray:
    """A bias as integers at one power of two, less the fraction bits that each output has of its own."""
    n = len(bias.integers)
    mantissas, frac = dyadic(np.broadcast_to(bias.scale, (n,)) * bias.integers)
    own = np.zeros(n, np.int64) if finer is None else finer[:n]
    frac = np.where(mantissas == 0, own, frac)
    common = int((frac - own).max())
    up = common + own - frac
    if np.any(up + np.frexp(np.abs(mantissas).astype(np.float64))[1] > 2 * MOST_BIAS_BITS - 2):
        raise ModelError("its biases differ by more than 2**30", where=where,
                         remedy="Use a bias_quantizer with alpha=1")
    values = np.tile(np.left_shift(mantissas, up), positions)
    return QuantizedArray(values, FixedPoint(MOST_BIAS_BITS, common))


def kernel_integers(layer: Layer, values: FloatArray) -> ScaledIntegers:
    """The kernel as integers, quantized as the layer says.

    Raises:
        ModelError: when they need more than 16 signed bits.
    """
    quantizer = parse_quantizer(layer.config.get("kernel_quantizer"), layer.where)
    found = _integers(quantizer, values, "kernel", MOST_WEIGHT_BITS, layer.where)
    if found is None or found.bits + (not found.signed) > MOST_WEIGHT_BITS:
        raise ModelError("its weights are not quantized, and not all of them are integers of 16 bits times one power "
                         "of two" if quantizer is None else "its weights need more than 16 signed bits",
                         where=layer.where, rule="the matrix unit multiplies integers of 8 or 16 bits", remedy=USE)
    return found


def bias_integers(layer: Layer, values: FloatArray) -> ScaledIntegers:
    """The bias as integers, quantized as the layer says.

    Raises:
        ModelError: when they need more than 32 signed bits.
    """
    quantizer = parse_quantizer(layer.config.get("bias_quantizer"), layer.where)
    found = _integers(quantizer, values, "bias", MOST_BIAS_BITS, layer.where)
    if found is None:
        raise ModelError("its bias is not quantized, and not all of it are integers of 32 bits times one power of two",
                         where=layer.where, remedy='Use bias_quantizer="quantized_bits(8,0,alpha=1)"')
    return found


def _integers(quantizer: Quantizer | None, values: FloatArray, role: Role, most_bits: int, where: str
              ) -> ScaledIntegers | None:
    return exact_integers(values, most_bits) if quantizer is None else weight_integers(quantizer, values, role, where)


def exact_integers(values: FloatArray | npt.NDArray[np.float32], most_bits: int) -> ScaledIntegers | None:
    """Unquantized numbers as integers times one power of two, None when they need more than `most_bits`.

    >>> found = exact_integers(np.array([0.5, -0.75], np.float32), 16)
    >>> found and (found.integers.tolist(), float(found.scale), found.bits)
    ([2, -3], 0.25, 3)
    """
    mantissas, frac = dyadic(values.astype(np.float64))
    used = mantissas != 0
    if not used.any():
        return ScaledIntegers(np.zeros(values.shape, np.int64), np.array(1.0), 2, True)
    common = int(frac[used].max())
    up = np.where(used, common - frac, 0)
    bits = int((np.frexp(np.abs(mantissas).astype(np.float64))[1] + up)[used].max()) + 1
    if bits > most_bits:
        return None
    return ScaledIntegers(np.left_shift(mantissas, up), np.array(2.0**-common), bits, True)
