"""A network as JSON data and back, exactly."""

from __future__ import annotations

import base64
import dataclasses
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.ir.network import (
    Add,
    Affine,
    Concat,
    Dense,
    LeakyRelu,
    Network,
    Op,
    Permute,
    Quantize,
    Relu,
    Reshape,
    Tensor,
)
from aie_explorer.ir.types import FixedPoint, IntArray, QuantizedArray, Rounding, Saturation

FORMAT = 2
_KINDS: dict[str, type[Op]] = {kind.__name__: kind
                               for kind in (Add, Concat, Dense, LeakyRelu, Permute, Quantize, Relu, Reshape)}
MAX_ELEMENTS = 1 << 28
MAX_WIDTH = 1 << 24
"""Features of a tensor."""
MOST_BITS = 1000
"""Of a fraction, either way: powers of two beyond are no floating-point numbers."""
WIDEST_BITS = 64
STORAGES = ("|i1", "<i2", "<i4", "<i8")
MOST_INT = 2**63 - 1


def network_to_json(network: Network) -> dict[str, Any]:
    """Plain JSON data; arrays are zlib-compressed little-endian integers in base64."""
    return {
        "format": FORMAT, "name": network.name, "batch": network.batch,
        "inputs": list(network.inputs), "outputs": list(network.outputs), "rewrites": list(network.rewrites),
        "tensors": [{"name": t.name, "shape": list(t.shape), "type": t.type and dataclasses.asdict(t.type),
                     "source": t.source, "features": t.features and list(t.features)}
                    for t in network.tensors.values()],
        "ops": [_op_to_json(op) for op in network.ops],
    }


def network_from_json(data: Mapping[str, Any], where: str = "network") -> Network:
    """The network that `network_to_json` wrote.

    Raises:
        ModelError: when the data are not of that form, or their parts do not fit together.
    """
    try:
        if data["format"] != FORMAT:
            raise ModelError(f"was written in format {str(data['format'])[:20]}; this version reads {FORMAT}",
                             where=where)
        tensors = {_text(t["name"]): _tensor_from_json(t) for t in data["tensors"]}
        network = Network(_text(data["name"]), data["batch"], tuple(_op_from_json(op) for op in data["ops"]), tensors,
                          _texts(data["inputs"]), _texts(data["outputs"]), _texts(data["rewrites"]))
        check_fit(network)
        return network
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, zlib.error) as error:
        raise ModelError(f"is not a network of this package ({type(error).__name__}: {str(error)[:200]})",
                         where=where) from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{str(value)[:40]!r} is no text")
    return value


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, (list, tuple)):
        raise TypeError(f"{str(values)[:40]!r} is no list")
    return tuple(map(_text, values))


def _whole(value: object, least: int = -MOST_BITS, most: int = MOST_BITS) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{str(value)[:40]} is not a whole number from {least} to {most}")
    return value


def _type_from_json(data: Mapping[str, Any] | None) -> FixedPoint | None:
    if data is None:
        return None
    found = FixedPoint(**data)
    _whole(found.width, 1, WIDEST_BITS)
    _whole(found.frac)
    if not isinstance(found.signed, bool) or found.rounding not in get_args(Rounding) or (
            found.saturation not in get_args(Saturation)):
        raise ValueError("unknown type")
    return found


def _tensor_from_json(data: Mapping[str, Any]) -> Tensor:
    shape = tuple(_whole(size, 1, MAX_ELEMENTS) for size in data["shape"])
    features = data["features"]
    if features is not None:
        features = tuple(_whole(one, -1, MAX_ELEMENTS) for one in features)
        true = [one for one in features if one >= 0]
        if not true or len(features) != shape[-1] or len({*true}) != len(true) or max(true) >= 2 * MAX_WIDTH:
            raise ValueError("columns that are not those of the features")
    return Tensor(data["name"], shape, _type_from_json(data["type"]), _text(data["source"]), features)


def check_fit(network: Network) -> None:
    """Check that arrays have the sizes and ranges that their tensors ask for.

    Raises:
        ValueError: naming the operation.
    """
    for name in (*network.inputs, *network.outputs):
        if name not in network.tensors or not network.tensors[name].shape:
            raise ValueError(f"{name} is no tensor with a shape")
    for op in network.ops:
        if isinstance(op, Dense):
            for problem in _misfits(op, network):
                raise ValueError(f"{op.name}: {problem}")
        if isinstance(op, Permute) and any(
                sorted(op.order.tolist()) != list(range(math.prod(network.tensors[name].shape)))
                for name in (*op.inputs, op.output)):
            raise ValueError(f"{op.name}: an order that has not every feature once")


def _misfits(op: Dense, network: Network) -> Iterator[str]:
    """What does not fit together in a layer, the first found; whoever asks on gets nonsense."""
    weights, out = op.weights, network.tensors[op.output]
    shapes = [network.tensors[name].shape for name in op.inputs]
    n = weights.values.shape[-1] if weights.values.ndim == 2 else 0
    if not all(shapes) or not shapes or n == 0 or sum(shape[-1] for shape in shapes) != op.k or (
            not out.shape or out.shape[-1] != n):
        yield "weights of another shape than inputs and output"
    arrays = [weights] + ([op.bias] if op.bias is not None else [])
    if any(one.values.size and not one.type.min_int <= one.values.min() <= one.values.max() <= one.type.max_int
           for one in arrays):
        yield "a value outside its type"
    rows = [op.bias and op.bias.values, op.finer, *((op.affine.gain, op.affine.offset) if op.affine else ())]
    if any(row is not None and row.shape != (n,) for row in rows):
        yield f"an array that has not {n} values"
    if op.finer is not None and np.abs(op.finer).max() > MOST_BITS:
        yield "fraction bits without bound"
    types = [network.tensors[name].type for name in (*op.inputs, op.output)]
    if op.clamp is not None and None not in types and np.abs(
            op.sum_frac(network) - op.rounded_frac(network)).max() + op.slope_shift >= WIDEST_BITS - 1:
        yield "a shift of more bits than there are"
    low, high = op.clamp or (0, 0)
    if low > high or (op.clamp is None and op.table is not None):
        yield "a table without a clamp, or an empty clamp"
    if op.table is not None:
        lists = [op.table] + ([op.table_uncertain] if op.table_uncertain is not None else [])
        if any(one.shape != (high - low + 1,) for one in lists):
            yield f"a table that has not {high - low + 1} entries"
        low, high = int(op.table.min()), int(op.table.max())
    if out.type is not None and op.clamp is not None and not out.type.min_int <= low <= high <= out.type.max_int:
        yield "results outside the output's type"


def _op_to_json(op: Op) -> dict[str, Any]:
    out: dict[str, Any] = {"kind": type(op).__name__, "name": op.name, "source": op.source, "inputs": list(op.inputs),
                           "output": op.output}
    if isinstance(op, Quantize):
        out["clamp"] = op.clamp and list(op.clamp)
    if isinstance(op, Permute):
        out["order"] = op.order.tolist()
    if isinstance(op, Dense):
        out |= {"weights": _array_to_json(op.weights), "bias": op.bias and _array_to_json(op.bias),
                "clamp": op.clamp and list(op.clamp), "accumulator_bits": op.accumulator_bits,
                "finer": None if op.finer is None else op.finer.tolist(), "model_macs": op.model_macs,
                "slope_shift": op.slope_shift, "table_frac": op.table_frac,
                "table": None if op.table is None else op.table.tolist(), "table_rounding": op.table_rounding,
                "table_uncertain": None if op.table_uncertain is None else op.table_uncertain.tolist(),
                "affine": op.affine and {"gain": op.affine.gain.tolist(), "offset": op.affine.offset.tolist(),
                                         "frac": op.affine.frac}}
    return out


def _op_from_json(data: Mapping[str, Any]) -> Op:
    fields = {key: value for key, value in data.items() if key != "kind"} | {"inputs": _texts(data["inputs"])}
    for name in ("name", "source", "output"):
        _text(data[name])
    if data["kind"] in ("Dense", "Quantize") and data["clamp"] is not None:
        low, high = data["clamp"]
        fields["clamp"] = _whole(low, -MOST_INT, MOST_INT), _whole(high, -MOST_INT, MOST_INT)
    if data["kind"] == "Permute":
        fields["order"] = np.array([_whole(one, 0, MAX_ELEMENTS) for one in data["order"]], np.int64)
    if data["kind"] == "LeakyRelu":
        _whole(data["slope_shift"])
    if data["kind"] == "Dense":
        fields["weights"] = _array_from_json(data["weights"])
        fields["bias"] = None if data["bias"] is None else _array_from_json(data["bias"])
        fields["finer"], fields["table"] = _integers(data["finer"]), _integers(data["table"])
        uncertain, rounding, affine = data["table_uncertain"], data["table_rounding"], data["affine"]
        fields["table_uncertain"] = None if uncertain is None else np.array(uncertain, np.bool_)
        if rounding is not None and rounding not in get_args(Rounding):
            raise ValueError("unknown rounding")
        _whole(data["accumulator_bits"], 0, WIDEST_BITS)
        _whole(data["slope_shift"], 0, WIDEST_BITS)
        _whole(data["table_frac"])
        if data["model_macs"] is not None:
            _whole(data["model_macs"], 0, MOST_INT)
        if affine is not None:
            gain, offset = _integers(affine["gain"]), _integers(affine["offset"])
            if gain is None or offset is None:
                raise ValueError("an affine without numbers")
            fields["affine"] = Affine(gain, offset, _whole(affine["frac"]))
    return _KINDS[data["kind"]](**fields)


def _integers(values: Sequence[int] | None) -> IntArray | None:
    return None if values is None else np.array([_whole(one, -MOST_INT, MOST_INT) for one in values], np.int64)


def _array_to_json(array: QuantizedArray) -> dict[str, Any]:
    storage = np.dtype(np.min_scalar_type(-int(np.abs(array.values).max(initial=0)) - 1)).newbyteorder("<")
    packed = zlib.compress(array.values.astype(storage).tobytes(), 9)
    return {"type": dataclasses.asdict(array.type), "shape": list(array.values.shape), "storage": storage.str,
            "data": base64.b64encode(packed).decode("ascii")}


def _array_from_json(data: Mapping[str, Any]) -> QuantizedArray:
    if data["storage"] not in STORAGES:
        raise ValueError("malformed array")
    storage = np.dtype(data["storage"])
    count = math.prod(_whole(size, 0, MAX_ELEMENTS) for size in data["shape"])
    if not 0 <= count <= MAX_ELEMENTS:
        raise ValueError("malformed array")
    unpack = zlib.decompressobj()
    raw = unpack.decompress(base64.b64decode(data["data"]), count * storage.itemsize)
    values = np.frombuffer(raw, storage).astype(np.int64).reshape(data["shape"])
    kind = _type_from_json(data["type"])
    if kind is None:
        raise ValueError("an array without a type")
    return QuantizedArray(values, kind)
