"""What the weight quantizers share: the scale asked for, the straight-through sum, and when a scale is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.frontends.qkeras.quantizer import Quantizer
from aie_explorer.frontends.qkeras.scales import Exact, Exponents
from aie_explorer.frontends.raw import FloatArray

Role = Literal["kernel", "bias"]
Alpha: TypeAlias = Literal["auto", "auto_po2"] | FloatArray | None
ONE: Exact = np.ones((), np.float64)


@dataclass(frozen=True, eq=False)
class Rounded:
    """Steps of a scale as float64 whole numbers, and the float32 numbers that QKeras returns for them.

    Attributes:
        steps: whole numbers (of powers of two the numbers themselves).
        scale: worth of a step, shape () or (n,).
        numbers: what QKeras returns; the same as steps * scale unless its float32 rounds.
        bits: width of the type.
        signed: whether it has a sign.
    """

    steps: Exact
    scale: Exact
    numbers: FloatArray
    bits: int
    signed: bool


def through(quantizer: Quantizer, x: FloatArray, xq: FloatArray) -> FloatArray:
    """QKeras's straight-through estimator, x + (q(x) - x) in float32, unless it is switched off."""
    if not quantizer.settings.get("use_ste", True):
        return xq
    moved: FloatArray = x + (xq - x)
    return moved


def asked(quantizer: Quantizer, x: FloatArray, role: Role, where: str) -> Alpha:
    """The scale asked for, as QKeras's layers complete it: None, "auto", "auto_po2", or float32 numbers."""
    alpha = quantizer.settings["alpha"]
    if alpha is None:
        return "auto_po2" if role == "kernel" else None
    if isinstance(alpha, str):
        return "auto" if alpha == "auto" else "auto_po2"
    numbers: FloatArray = np.asarray(alpha, np.float32)
    if numbers.ndim and numbers.shape != x.shape[-1:]:
        raise ModelError(f"{quantizer.text} has {numbers.size} scales", where=where,
                         rule=f"the {role} has {x.shape[-1]} outputs", remedy="Give one scale for each output")
    return numbers


def matrix(quantizer: Quantizer, x: FloatArray, where: str) -> FloatArray:
    """The numbers as [k, n], columns sharing a computed scale; each number of a vector has its own."""
    axis = quantizer.settings.get("scale_axis")
    if quantizer.settings.get("elements_per_scale") is not None:
        raise ModelError(f"{quantizer.text} gives groups of inputs scales of their own", where=where,
                         rule="the products of an output are added before anything is scaled",
                         remedy="Leave elements_per_scale out")
    if axis is not None and x.ndim > 1 and axis not in (x.ndim - 1, [x.ndim - 1], (x.ndim - 1,)):
        raise ModelError(f"{quantizer.text} has a scale for each place of axis {axis}", where=where,
                         rule="the products of an output are added before anything is scaled, so only the last axis, "
                         "the outputs, can have scales", remedy="Leave scale_axis out")
    return x.reshape(-1, x.shape[-1])


def settled(quantizer: Quantizer, found: Exponents, where: str) -> FloatArray:
    """The scales, when float32 leaves none of them open."""
    undecided = np.flatnonzero(found.open | (found.low != found.high))
    if undecided.size:
        first = int(undecided[0])
        raise ModelError(f"{quantizer.text} leaves the scale of output {first} between 2**{found.low[first]} and "
                         f"2**{found.high[first]}", where=where,
                         rule="it is rounded from a float32 sum that comes out differently in another order",
                         remedy="Change a weight of that output in the last digit, or use alpha=1")
    return found.scale


def no_subnormals(quantizer: Quantizer, x: FloatArray, role: Role, where: str) -> None:
    """Refuse numbers whose sign TensorFlow may not see: it flushes them to zero in some operations."""
    if np.any((x != 0) & (np.abs(x) < np.finfo(np.float32).tiny)):
        raise ModelError(f"the {role} holds numbers below 2**-126", where=where,
                         rule=f"{quantizer.text} takes their sign, which a processor may flush to zero",
                         remedy="Set them to zero")


def limit(quantizer: Quantizer, name: str) -> int | None:
    """A limit of the exponent, where one is set."""
    return None if quantizer.settings[name] is None else quantizer.whole(name)
