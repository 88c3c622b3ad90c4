"""What a kernel computes with: storage types of the operands and results, and the activation.

The rest of the package knows integers alone; the cycle model also knows bfloat16 and fp32, for which networks have
been measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aie_explorer.devices import Device, Microtile, microtiles, peak_macs_per_cycle
from aie_explorer.errors import DeviceError
from aie_explorer.ir import storage_bytes
from aie_explorer.space import Work

FLOAT_BYTES = {"bfloat16": 2, "float32": 4}
INTEGERS = ("int8", "uint8", "int16", "uint16", "int32")
TYPES = (*INTEGERS, *FLOAT_BYTES)
FP32_ISSUES = 6  # bfloat16 multiply-accumulates of an fp32 product (AM020 App. A: 42 operations a cycle)

# Dense shapes of aie::mmul on floats: (M, K, N, issues). Xilinx/aie_api @dc3ab77 aie1/mmul_32_32.hpp,
# aie2/mmul_bf16_bf16.hpp and mmul_fp32_fp32.hpp; AIE-MLv2: Xilinx/llvm-aie aie2ps_enums.h, mode BF20 4x8_8x8.
_FLOAT_SHAPES: dict[tuple[str, str], tuple[tuple[int, int, int, int], ...]] = {
    ("AIE", "float32"): ((2, 4, 4, 4), (4, 2, 4, 4), (4, 4, 2, 4), (4, 2, 2, 2)),
    ("AIE-ML", "bfloat16"): ((4, 8, 4, 1), (8, 8, 4, 2), (4, 8, 8, 2), (8, 8, 8, 4)),
    ("AIE-ML", "float32"): ((4, 8, 4, FP32_ISSUES),),
    ("AIE-MLv2", "bfloat16"): ((4, 8, 8, 1),),
}
# Multiply-accumulates a cycle. UG1079 (AIE); AM020 ch. 4 (bfloat16); emulated fp32 by its issues; LLVM's mode BF20
# 4x8_8x8 (AIE-MLv2).
_FLOAT_PEAK = {("AIE", "float32"): 8.0, ("AIE-ML", "bfloat16"): 128.0, ("AIE-ML", "float32"): 128 / FP32_ISSUES,
               ("AIE-MLv2", "bfloat16"): 256.0}
# Floats an issue accumulates at once: UG1079 (AIE), AM020 ch. 4 (AIE-ML), LLVM's mode BF20 4x8_8x8 (AIE-MLv2).
_FLOAT_LANES = {"AIE": 8, "AIE-ML": 16, "AIE-MLv2": 32}
# Cycles between multiply-accumulates of floats on one accumulator: Xilinx/llvm-aie itineraries (VMACf).
_FLOAT_CHAIN = {"AIE-ML": 4, "AIE-MLv2": 3}


@dataclass(frozen=True)
class Operands:
    """Types and activation of a layer.

    Attributes:
        a, weights, out: storage types, such as "int8" or "bfloat16".
        elementwise: operations on every result before it is stored: 1 for ReLU, one for each clamp besides.
        products: multiplications of every result, 1 for a leaky ReLU.
        affine: whether a gain and an offset are applied to every sum, in 64 bits.
        lookup: whether every result is looked up in a table, one by one.
    """

    a: str
    weights: str
    out: str
    elementwise: int = 0
    products: int = 0
    affine: bool = False
    lookup: bool = False

    @property
    def floats(self) -> bool:
        """Whether the multiply-accumulates are of floats."""
        return self.a in FLOAT_BYTES


def operands_of(work: Work) -> Operands:
    """The operands of a layer of a network.

    An unsigned result is taken for a ReLU of one operation, as the measured kernels have; types narrower than their
    storage need a clamp on each side that saturation does not cover.
    """
    output = work.output
    narrow = output.width < 8 * storage_bytes(output.storage)
    clamps = (1 + narrow) if not output.signed else 2 * narrow
    # a leaky ReLU rounds a second time and takes the larger
    return Operands(work.input.storage, work.weights.storage, output.storage, int(clamps) + 2 * work.leaky, 0,
                    work.affine, work.table_bytes > 0)


def type_bytes(name: str) -> int:
    """Bytes of an element."""
    return FLOAT_BYTES[name] if name in FLOAT_BYTES else storage_bytes(name)


def shapes_of(operands: Operands, device: Device) -> tuple[Microtile, ...]:
    """The shapes aie::mmul accepts.

    Raises:
        DeviceError: when the matrix unit has no mode for the types.
    """
    if not operands.floats and operands.weights not in FLOAT_BYTES:
        return microtiles(device, operands.a, operands.weights)
    _float_pair(operands, device)
    return tuple(Microtile(pair=f"{operands.a}x{operands.weights}", M=M, K=K, N=N, issues=issues, accumulator="acc32",
                           lanes=M * N, held_bits=32 * M * N, kind="native", unpacks="", shuffles=0, extra="",
                           basis="header", note="", source="Xilinx/aie_api @dc3ab77")
                 for M, K, N, issues in _FLOAT_SHAPES[device.generation.name, operands.a])


def peak_of(operands: Operands, device: Device) -> float:
    """Multiply-accumulates a cycle of one tile.

    Raises:
        DeviceError: when the matrix unit has no mode for the types.
    """
    if not operands.floats and operands.weights not in FLOAT_BYTES:
        return float(peak_macs_per_cycle(device, operands.a, operands.weights))
    _float_pair(operands, device)
    return _FLOAT_PEAK[device.generation.name, operands.a]


def shape_code(M: Any, K: Any, N: Any) -> Any:
    """A microtile as one number, of integers or of columns: comparing it is quicker than comparing three."""
    return (M * 1024 + K) * 1024 + N


def chain_cycles(operands: Operands, device: Device) -> int:
    """Least cycles between multiply-accumulates on one accumulator; 1 where no public document gives it."""
    if operands.floats:
        return _FLOAT_CHAIN.get(device.generation.name, 1)
    return device.generation.mac_chain_cycles or 1


def accumulated_bits(operands: Operands, device: Device) -> int:
    """Bits of accumulators that one issue adds to; issues of one microtile on other bits need not wait for it."""
    if operands.floats:
        return 32 * _FLOAT_LANES[device.generation.name]
    return device.generation.accumulator_register_bits


def emulated(operands: Operands, device: Device) -> bool:
    """Whether products are made of several bfloat16 ones: fp32 on AIE-ML (AM020 App. A)."""
    return operands.a == "float32" and device.generation.name == "AIE-ML"


def _float_pair(operands: Operands, device: Device) -> None:
    where = f"{device.name} ({device.generation.name})"
    if operands.a != operands.weights:
        raise DeviceError(f"the matrix unit has no mode for {operands.a} x {operands.weights}", where=where,
                          remedy="Use the same type of float for both")
    if (device.generation.name, operands.a) not in _FLOAT_SHAPES:
        floats = [name for generation, name in _FLOAT_SHAPES if generation == device.generation.name]
        raise DeviceError(f"no cycles of the matrix unit are known for {operands.a}", where=where,
                          remedy=f"Use int8, int16 or {' or '.join(floats)}")
