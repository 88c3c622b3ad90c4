"""A network as JSON data and back, exactly."""

from __future__ import annotations

import base64
import dataclasses
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.ir.network import Add, Affine, Concat, Dense, LeakyRelu, Network, Op, Quantize, Relu, Reshape, Tensor
from aie_explorer.ir.types import FixedPoint, QuantizedArray

FORMAT = 2
_KINDS: dict[str, type[Op]] = {kind.__name__: kind for kind in (Add, Concat, Dense, LeakyRelu, Quantize, Relu, Reshape)}
MAX_ELEMENTS = 1 << 28


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
        ModelError: when the data are not of that form.
    """
    try:
        if data["format"] != FORMAT:
            raise ModelError(f"was written in format {data['format']}; this version reads {FORMAT}", where=where)
        tensors = {t["name"]: Tensor(t["name"], tuple(t["shape"]), FixedPoint(**t["type"]) if t["type"] else None,
                                     t["source"], t["features"] and tuple(map(int, t["features"])))
                   for t in data["tensors"]}
        return Network(data["name"], data["batch"], tuple(_op_from_json(op) for op in data["ops"]), tensors,
                       tuple(data["inputs"]), tuple(data["outputs"]), tuple(data["rewrites"]))
    except (KeyError, TypeError, ValueError, AttributeError, zlib.error) as error:
        raise ModelError(f"is not a network of this package ({type(error).__name__}: {error})", where=where) from None


def _op_to_json(op: Op) -> dict[str, Any]:
    out: dict[str, Any] = {"kind": type(op).__name__, "name": op.name, "source": op.source, "inputs": list(op.inputs),
                           "output": op.output}
    if isinstance(op, Quantize):
        out["clamp"] = op.clamp and list(op.clamp)
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
    fields = {key: value for key, value in data.items() if key != "kind"} | {"inputs": tuple(data["inputs"])}
    if data["kind"] in ("Dense", "Quantize"):
        fields["clamp"] = data["clamp"] and (int(data["clamp"][0]), int(data["clamp"][1]))
    if data["kind"] == "Dense":
        fields["weights"] = _array_from_json(data["weights"])
        fields["bias"] = data["bias"] and _array_from_json(data["bias"])
        for name in ("finer", "table"):
            fields[name] = None if data[name] is None else np.array(data[name], np.int64)
        uncertain = data["table_uncertain"]
        fields["table_uncertain"] = None if uncertain is None else np.array(uncertain, np.bool_)
        affine = data["affine"]
        fields["affine"] = affine and Affine(np.array(affine["gain"], np.int64), np.array(affine["offset"], np.int64),
                                             int(affine["frac"]))
    return _KINDS[data["kind"]](**fields)


def _array_to_json(array: QuantizedArray) -> dict[str, Any]:
    storage = np.dtype(np.min_scalar_type(-int(np.abs(array.values).max(initial=0)) - 1)).newbyteorder("<")
    packed = zlib.compress(array.values.astype(storage).tobytes(), 9)
    return {"type": dataclasses.asdict(array.type), "shape": list(array.values.shape), "storage": storage.str,
            "data": base64.b64encode(packed).decode("ascii")}


def _array_from_json(data: Mapping[str, Any]) -> QuantizedArray:
    storage = np.dtype(data["storage"])
    count = int(np.prod(data["shape"], dtype=np.int64))
    if storage.kind != "i" or not 0 <= count <= MAX_ELEMENTS:
        raise ValueError("malformed array")
    unpack = zlib.decompressobj()
    raw = unpack.decompress(base64.b64decode(data["data"]), count * storage.itemsize)
    values = np.frombuffer(raw, storage).astype(np.int64).reshape(data["shape"])
    return QuantizedArray(values, FixedPoint(**data["type"]))
