"""Sums of products over tensors: what a layer computes before it is rounded, as exact integers a column."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from aie_explorer.errors import ModelError
from aie_explorer.ir import IntArray, Tensor

MOST_LEFT_SHIFT = 40
"""Beyond this no weight would fit 16 bits anyway; it keeps the int64 arithmetic of the passes exact."""


@dataclass(frozen=True, eq=False)
class Term:
    """Weights on one tensor.

    Attributes:
        tensor: its name.
        weights: [columns of the tensor, n] integers.
        frac: [n] fraction bits of the products: those of the tensor plus those of the weights.
    """

    tensor: str
    weights: IntArray
    frac: IntArray


@dataclass(frozen=True, eq=False)
class Sum:
    """What a layer computes, one column an output: all terms and the bias.

    Attributes:
        name, source: of the operation it came from.
        terms: one a tensor.
        bias: [n] integers.
        bias_frac: [n] fraction bits of the bias.
        macs: multiply-accumulates of a sample in the user's model.
    """

    name: str
    source: str
    terms: tuple[Term, ...]
    bias: IntArray
    bias_frac: IntArray
    macs: int

    @property
    def n(self) -> int:
        """Outputs."""
        return len(self.bias)


def shifted(values: IntArray, bits: IntArray) -> IntArray:
    """[..., n] integers times 2**bits [n]; what is shifted out to the right must be zero."""
    out: IntArray = np.where(bits >= 0, np.left_shift(values, np.maximum(bits, 0)),
                             np.right_shift(values, np.clip(-bits, 0, 63)))
    return out


def trailing_zeros(values: IntArray) -> IntArray:
    """[n] how often 2 divides every number of a column [..., n]; 63 where all are zero."""
    every = np.bitwise_or.reduce(values.reshape(-1, values.shape[-1]), axis=0)
    lowest = every & -every
    exponent = np.round(np.log2(np.maximum(lowest.astype(np.float64), 1.0)))
    zeros: IntArray = np.where(every == 0, 63, exponent).astype(np.int64)
    return zeros


def signed_bits(values: IntArray) -> IntArray:
    """[n] signed bits that hold every number of a column [..., n].

    >>> signed_bits(np.array([[-8, 8], [7, 0]])).tolist()
    [4, 5]
    """
    flat = values.reshape(-1, values.shape[-1])
    least, most = flat.min(axis=0, initial=0), flat.max(axis=0, initial=0)
    magnitude = np.maximum(np.where(least < 0, -least - 1, 0), most)
    # frexp's exponent is the bit length; exact below 2**53
    bits: IntArray = np.frexp(magnitude.astype(np.float64))[1].astype(np.int64) + 1
    return bits


def summed(name: str, source: str, parts: tuple[Sum, ...]) -> Sum:
    """The sum of several; weights on a tensor that more than one reads are added."""
    terms: dict[str, Term] = {}
    for term in (term for part in parts for term in part.terms):
        terms[term.tensor] = _merged(terms[term.tensor], term, source) if term.tensor in terms else term
    bias, frac = parts[0].bias, parts[0].bias_frac
    for part in parts[1:]:
        bias, frac = _added(bias, frac, part.bias, part.bias_frac, source)
    return Sum(name, source, tuple(terms.values()), bias, frac, sum(part.macs for part in parts))


def _merged(a: Term, b: Term, source: str) -> Term:
    weights, frac = _added(a.weights, a.frac, b.weights, b.frac, source)
    return Term(a.tensor, weights, frac)


def _added(a: IntArray, a_frac: IntArray, b: IntArray, b_frac: IntArray, source: str) -> tuple[IntArray, IntArray]:
    """Two arrays of integers at fraction bits of their own, added at the finer."""
    frac = np.maximum(_frac_needed(a, a_frac), _frac_needed(b, b_frac))
    return raised(a, frac - a_frac, source) + raised(b, frac - b_frac, source), frac


def _frac_needed(values: IntArray, frac: IntArray) -> IntArray:
    """Fraction bits without trailing zeros."""
    needed: IntArray = frac - trailing_zeros(values)
    return needed


def raised(values: IntArray, bits: IntArray, source: str) -> IntArray:
    """`shifted`, refusing what no weight could hold.

    Raises:
        ModelError: when a number would be shifted left by more than MOST_LEFT_SHIFT.
    """
    used = np.any(values.reshape(-1, values.shape[-1]), axis=0)
    if np.any(bits[used] > MOST_LEFT_SHIFT):
        raise ModelError(f"it adds numbers whose scales differ by 2**{int(bits[used].max())}", where=source,
                         rule="weights have at most 16 bits", remedy="Use fewer fraction bits in its bias or output")
    return shifted(values, np.clip(bits, -63, MOST_LEFT_SHIFT))


def selected(tensor: str, columns: npt.NDArray[np.intp], width: int, frac: int, name: str, source: str) -> Sum:
    """The sum that copies columns of a tensor: weights of one.

    Args:
        tensor: which.
        columns: [n] the column that each output copies.
        width: columns of the tensor.
        frac: its fraction bits.
        name, source: of the operation that asks for it.
    """
    weights = np.zeros((width, len(columns)), np.int64)
    weights[columns, np.arange(len(columns))] = 1
    n = len(columns)
    return Sum(name, source, (Term(tensor, weights, np.full(n, frac, np.int64)),), np.zeros(n, np.int64),
               np.zeros(n, np.int64), 0)


def side_by_side(parts: tuple[Sum, ...]) -> Sum:
    """One sum with the outputs of all, in order."""
    n = sum(part.n for part in parts)
    terms = []
    start = 0
    for part in parts:
        for term in part.terms:
            weights = np.zeros((len(term.weights), n), np.int64)
            weights[:, start:start + part.n] = term.weights
            frac = np.full(n, int(term.frac.min()), np.int64)
            frac[start:start + part.n] = term.frac
            terms.append(replace(term, weights=weights, frac=frac))
        start += part.n
    zero = np.zeros(n, np.int64)
    single = [Sum("", "", (term,), zero, zero, 0) for term in terms]
    merged = summed(parts[0].name, parts[0].source, tuple(single))
    return replace(merged, bias=np.concatenate([part.bias for part in parts]),
                   bias_frac=np.concatenate([part.bias_frac for part in parts]), macs=sum(part.macs for part in parts))


def permuted_sum(total: Sum, order: IntArray) -> Sum:
    """A sum with its outputs in another order: [n] for every output the one of `total` that it is."""
    terms = tuple(replace(term, weights=term.weights[:, order], frac=term.frac[order]) for term in total.terms)
    return replace(total, terms=terms, bias=total.bias[order], bias_frac=total.bias_frac[order])


def rows_of(weights: IntArray, tensor: Tensor) -> IntArray:
    """Rows of weights in the order of a tensor's columns, zeros where a column only fills up."""
    if tensor.features is None:
        return weights
    order = np.array(tensor.features)
    out = np.zeros((len(order), weights.shape[1]), np.int64)
    out[order >= 0] = weights[order[order >= 0]]
    return out
