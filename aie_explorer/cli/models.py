"""Commands about devices and models: devices, info, verify."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.cli.main import given
from aie_explorer.cli.text import frame_text, print_json, table
from aie_explorer.errors import MissingExtraError, ModelError
from aie_explorer.frontends import load
from aie_explorer.frontends.vectors import read_arrays
from aie_explorer.ir import Network
from aie_explorer.reference import Comparison, compare, quantized

MOST_SAMPLES = 1_000_000


def devices(arguments: argparse.Namespace) -> int:
    """List the catalogue."""
    from aie_explorer.devices import to_frame

    frame = to_frame().reset_index()
    if arguments.json:
        print_json(frame.astype(object).to_dict("records"))
    else:
        print(frame_text(frame, rows=len(frame)))
    return 0


def info(arguments: argparse.Namespace) -> int:
    """Describe what a model computes."""
    network = load(arguments.model, batch=given(arguments, "batch"), input_type=arguments.input_type)
    layers = [describe(network, i) for i in range(len(network.layers))]
    if arguments.json:
        print_json({"name": network.name, "batch": network.batch, "macs": network.macs, "layers": layers,
                    "rewrites": list(network.rewrites)})
        return 0
    print(f"{network.name}: {len(layers)} layers, {network.macs:,} multiply-accumulates a batch of {network.batch}\n")
    print(table(layers))
    for rewrite in network.rewrites:
        print(f"rewritten without loss: {rewrite}")
    return 0


def describe(network: Network, index: int) -> dict[str, object]:
    """One layer as a row: sizes, true and storage types, shift, accumulator."""
    op = network.layers[index]
    sources, target = [network.type_of(name) for name in op.inputs], network.type_of(op.output)
    shifts = np.unique(op.sum_frac(network) - target.frac) if op.clamp is not None else np.zeros(1, np.int64)
    shift = int(shifts[0]) if len(shifts) == 1 else f"{shifts[0]} to {shifts[-1]}"
    source = sources[0]
    return {
        "layer": op.name, "shape": f"{op.k} x {op.n}", "input": " | ".join(map(str, sources)),
        "weights": str(op.weights.type),
        "output": str(target), "stored_as": f"{source.storage} x {op.weights.type.storage} -> {target.storage}",
        "shift": shift, "rounding": target.rounding, "accumulator_bits": op.accumulator_bits,
        "parameters": op.k * op.n + (op.n if op.bias is not None else 0), "macs": network.batch * op.macs,
    }


def read_vectors(path: str) -> dict[str, npt.NDArray[Any]]:
    """Arrays of an .npz, or the one of an .npy as `inputs`.

    Raises:
        ModelError: when the file cannot be read, holds no `inputs`, or holds other things than samples of numbers.
    """
    arrays = read_arrays(path)
    if "inputs" not in arrays:
        raise ModelError(f"has no array `inputs`; it has {', '.join(arrays) or 'none'}", where=path)
    for name in {"inputs", "predictions"} & set(arrays):
        if arrays[name].dtype.kind not in "biuf" or arrays[name].ndim == 0 or len(arrays[name]) == 0:
            raise ModelError(f"`{name}` is of type {arrays[name].dtype} and shape {arrays[name].shape}", where=path,
                             remedy="Give an array of real numbers with one sample or more")
    return arrays


def verify(arguments: argparse.Namespace) -> int:
    """Compare an exported project with the reference, or the reference with QKeras or predictions that were stored."""
    if Path(arguments.model).is_dir():
        return _verify_project(arguments)
    if arguments.against:
        raise ModelError("--against names the model that a project is compared with", where=arguments.model,
                         remedy="Give the folder of a project first, or leave --against out")
    network = load(arguments.model, batch=8, input_type=arguments.input_type)
    vectors = read_vectors(arguments.vectors) if arguments.vectors else {}
    x = _inputs(network, arguments, vectors)
    stored = vectors.get("predictions")
    if importlib.util.find_spec("qkeras") is not None:
        try:
            found, against = _qkeras(network, arguments.model, x), "QKeras predict"
        except ModelError as error:
            if stored is None:
                raise
            sys.stderr.write(f"aie-explorer: note: {error} The stored predictions are used instead.\n")
            found, against = _stored(network, stored), "the stored predictions"
    elif stored is not None:
        found, against = _stored(network, stored), "the stored predictions"
    else:
        raise MissingExtraError("QKeras", "qkeras", "comparing with the model itself")
    return report(compare(network, x, found), len(x[network.inputs[0]]), against, as_json=arguments.json)


def _inputs(network: Network, arguments: argparse.Namespace, vectors: dict[str, npt.NDArray[Any]]
            ) -> dict[str, npt.NDArray[np.float32]]:
    """What to compute on: the given vectors, or random ones a little beyond the range, so that they saturate too."""
    if "inputs" in vectors:
        if len(network.inputs) != 1:
            raise ModelError(f"has {len(network.inputs)} inputs, the file holds one array", where=arguments.model,
                             remedy="Leave --vectors out")
        return {network.inputs[0]: np.asarray(vectors["inputs"], np.float32)}
    if not 1 <= arguments.samples <= MOST_SAMPLES:
        raise ModelError(f"is {arguments.samples}", where="--samples", remedy=f"Use 1 to {MOST_SAMPLES}")
    rng = np.random.default_rng(0)
    return {name: rng.uniform(*_range(network, name), (arguments.samples, network.tensors[name].model_features)
                              ).astype(np.float32) for name in network.inputs}


def _qkeras(network: Network, model: str, x: dict[str, npt.NDArray[np.float32]]) -> dict[str, npt.NDArray[Any]]:
    """What QKeras computes for every layer that the network has a tensor of."""
    from aie_explorer.cli.predict import predict_apart

    quantized(network, x)  # what is wrong with the inputs is said in our words
    layers = sorted({tensor.source for tensor in network.tensors.values()} - {""})
    found = predict_apart(model, [x[name] for name in network.inputs], layers)
    if not found:
        raise ModelError("QKeras gives none of the layers by itself", where=model)
    return found


def _stored(network: Network, predictions: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    if len(network.outputs) != 1:
        raise ModelError(f"has {len(network.outputs)} outputs, the file holds one array of predictions",
                         where=network.name)
    return {network.tensors[network.outputs[0]].source: predictions}


def _verify_project(arguments: argparse.Namespace) -> int:
    """Compile and run a project on this machine and compare every tensor with the reference, and that with QKeras."""
    from aie_explorer.firmware import FirmwareProject

    project = FirmwareProject.open(arguments.model)
    network = project.design.network
    vectors = read_vectors(arguments.vectors) if arguments.vectors else {}
    if arguments.vectors or arguments.against:
        x = _inputs(network, arguments, vectors)
        verdict = project.verify(x)
    else:
        if not 1 <= arguments.samples <= MOST_SAMPLES:
            raise ModelError(f"is {arguments.samples}", where="--samples", remedy=f"Use 1 to {MOST_SAMPLES}")
        x, verdict = {}, project.verify(samples=arguments.samples)
    compared = compare(network, x, _qkeras(network, arguments.against, x)) if arguments.against else []
    wrong = verdict.mismatches + sum(one.mismatches for one in compared)
    if arguments.json:
        print_json({"against": arguments.against or "the reference", "samples": verdict.samples, "mismatches": wrong,
                    "compile_seconds": verdict.compile_seconds, "run_seconds": verdict.run_seconds,
                    "tensors": [vars(tensor) for tensor in verdict.tensors],
                    "qkeras": [vars(one) for one in compared]})
        return 1 if wrong else 0
    print(f"firmware against the reference: {verdict}")
    print(table([vars(tensor) for tensor in verdict.tensors]))
    if compared:
        print()
        report(compared, verdict.samples, f"QKeras predict of {arguments.against}: the reference", as_json=False)
    return 1 if wrong else 0


def report(compared: list[Comparison], samples: int, against: str, *, as_json: bool) -> int:
    """Print how many values of each tensor differ and the first that does; 1 if any."""
    wrong = sum(one.mismatches for one in compared)
    values = sum(one.values for one in compared)
    artefacts = sum(one.float32_artefacts for one in compared)
    if as_json:
        print_json({"against": against, "samples": samples, "values": values, "mismatches": wrong,
                    "float32_artefacts": artefacts, "tensors": [vars(one) for one in compared]})
        return 1 if wrong else 0
    print(f"{wrong} mismatches in {values:,} values of {samples:,} samples, against {against}")
    if artefacts:
        print(f"{artefacts} further values differ where float32, in which QKeras computes, rounds what it cannot hold")
    if len(compared) > 1 or wrong:
        print(table([vars(one) for one in compared]))
    return 1 if wrong else 0


def _range(network: Network, name: str) -> tuple[float, float]:
    """A little more than the range of an input, so that saturation is exercised."""
    fixed = network.type_of(name)
    return (fixed.min_int - 4) * fixed.scale, (fixed.max_int + 4) * fixed.scale
