"""Commands about devices and models: devices, info, verify."""

from __future__ import annotations

import argparse
import importlib.util
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aie_explorer.cli.main import given
from aie_explorer.cli.text import frame_text, print_json, table
from aie_explorer.errors import MissingExtraError, ModelError
from aie_explorer.frontends import load
from aie_explorer.ir import Network
from aie_explorer.reference import simulate

MOST_SAMPLES = 1_000_000
UNREADABLE = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)


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
    source, target = network.type_of(op.input), network.type_of(op.output)
    shift = 0 if op.clamp is None else source.frac + op.weights.type.frac - target.frac
    return {
        "layer": op.name, "shape": f"{op.k} x {op.n}", "input": str(source), "weights": str(op.weights.type),
        "output": str(target), "stored_as": f"{source.storage} x {op.weights.type.storage} -> {target.storage}",
        "shift": shift, "rounding": target.rounding, "accumulator_bits": op.accumulator_bits,
        "parameters": op.k * op.n + (op.n if op.bias is not None else 0), "macs": network.batch * op.k * op.n,
    }


def read_vectors(path: str) -> dict[str, npt.NDArray[Any]]:
    """Arrays of an .npz, or the one of an .npy as `inputs`.

    Raises:
        ModelError: when the file cannot be read, holds no `inputs`, or holds other things than samples of numbers.
    """
    try:
        loaded = np.load(path, allow_pickle=False)
        arrays = {"inputs": loaded} if isinstance(loaded, np.ndarray) else {key: loaded[key] for key in loaded.files}
    except UNREADABLE as error:
        raise ModelError(f"holds no arrays ({error})", where=path, remedy="Give an .npz or .npy file") from None
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
    network = load(arguments.model, batch=8, input_type=arguments.input_type)
    vectors = read_vectors(arguments.vectors) if arguments.vectors else {}
    x = vectors.get("inputs")
    if x is None:
        if not 1 <= arguments.samples <= MOST_SAMPLES:
            raise ModelError(f"is {arguments.samples}", where="--samples", remedy=f"Use 1 to {MOST_SAMPLES}")
        low, high = _range(network)
        x = np.random.default_rng(0).uniform(low, high, (arguments.samples, *_input_shape(network)))
    x = np.asarray(x, np.float32)
    ours = simulate(network, x)
    stored = vectors.get("predictions")
    if importlib.util.find_spec("qkeras") is not None:
        from aie_explorer.cli.predict import predict_apart

        try:
            against, expected = "QKeras predict", predict_apart(arguments.model, x)
        except ModelError as error:
            if stored is None:
                raise
            sys.stderr.write(f"aie-explorer: note: {error} The stored predictions are used instead.\n")
            against, expected = "the stored predictions", stored
    elif stored is not None:
        against, expected = "the stored predictions", stored
    else:
        raise MissingExtraError("QKeras", "qkeras", "comparing with the model itself")
    return report(ours, expected, against, as_json=arguments.json)


def _verify_project(arguments: argparse.Namespace) -> int:
    """Compile and run a project on this machine and compare every tensor with the reference."""
    from aie_explorer.firmware import FirmwareProject

    project = FirmwareProject.open(arguments.model)
    x = read_vectors(arguments.vectors)["inputs"] if arguments.vectors else None
    if not 1 <= arguments.samples <= MOST_SAMPLES:
        raise ModelError(f"is {arguments.samples}", where="--samples", remedy=f"Use 1 to {MOST_SAMPLES}")
    verdict = project.verify(x, samples=arguments.samples)
    if arguments.json:
        print_json({"against": "the reference", "samples": verdict.samples, "mismatches": verdict.mismatches,
                    "compile_seconds": verdict.compile_seconds, "run_seconds": verdict.run_seconds,
                    "tensors": [vars(tensor) for tensor in verdict.tensors]})
    else:
        print(verdict)
        print(table([vars(tensor) for tensor in verdict.tensors]))
    return 1 if verdict.mismatches else 0


def report(ours: npt.NDArray[np.float64], expected: npt.NDArray[Any], against: str, *, as_json: bool) -> int:
    """Print how many values differ and the first that do; 1 if any."""
    expected = np.asarray(expected, np.float64).reshape(len(expected), -1)
    if expected.shape != ours.shape:
        raise ModelError(f"the predictions have shape {expected.shape}, the network computes {ours.shape}")
    where = np.argwhere(ours != expected)
    if as_json:
        print_json({"against": against, "samples": len(ours), "values": ours.size, "mismatches": len(where)})
    else:
        print(f"{len(where)} mismatches in {ours.size:,} values of {len(ours):,} samples, against {against}")
        rows = [{"sample": i, "output": j, "expected": expected[i, j], "got": ours[i, j]} for i, j in where[:10]]
        if rows:
            print(table(rows))
    return 1 if len(where) else 0


def _range(network: Network) -> tuple[float, float]:
    """A little more than the input's range, so that saturation is exercised."""
    fixed = network.type_of(network.inputs[0])
    return (fixed.min_int - 4) * fixed.scale, (fixed.max_int + 4) * fixed.scale


def _input_shape(network: Network) -> tuple[int, ...]:
    return network.tensors[network.inputs[0]].shape
