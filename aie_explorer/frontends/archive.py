"""Saved models: .h5 and .keras files to configuration and weights, with h5py, zipfile and json alone.

Nothing of the file is executed, and links that would make HDF5 read other files are refused.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import h5py
import numpy as np

from aie_explorer.errors import ModelError
from aie_explorer.frontends.raw import (
    DEEPEST,
    JSON_LIMIT_BYTES,
    MODELS,
    UNREADABLE,
    WEIGHT_LIMIT,
    FloatArray,
    JsonObject,
    RawModel,
    as_list,
    as_object,
    as_text,
    class_of,
    parse_json,
)

MEMBER_LIMIT_BYTES = 1 << 29
"""Largest weight file inside a .keras archive: the weights, and an optimizer that keeps twice as many."""

T = TypeVar("T")


def read_archive(path: str | Path) -> RawModel:
    """The configuration and weights of a saved model.

    Args:
        path: a whole model saved by Keras 2 or 3 as `.h5` (HDF5) or `.keras` (zip); the content decides which.

    Raises:
        ModelError: when the file is missing, damaged, too large, or not a whole saved model.
    """
    file, where = Path(path), str(path)
    if file.is_dir():
        raise ModelError("is a folder; a SavedModel cannot be read", where=where,
                         remedy="Save the model as .keras or .h5")
    if not file.is_file():
        raise ModelError("there is no such file", where=where)
    if zipfile.is_zipfile(file):
        return _guard(lambda: _read_keras(file, where), where)
    if not h5py.is_hdf5(file):
        raise ModelError("is neither an HDF5 file nor a .keras archive, or is cut short", where=where,
                         remedy="Save the whole model with model.save(), as .keras or .h5")
    return _guard(lambda: _read_h5(file, where), where)


def _guard(read: Callable[[], T], where: str) -> T:
    """Run a reader; whatever a damaged file makes the libraries raise becomes one ModelError."""
    try:
        return read()
    except UNREADABLE as error:
        reason = " ".join(str(error).split())[:120]
        raise ModelError(f"the file is damaged or of an unknown layout: {reason}", where=where,
                         remedy="Save the model again from Keras") from error


def _read_h5(file: Path, where: str) -> RawModel:
    with h5py.File(file, "r") as root:
        if "model_config" not in root.attrs:
            raise ModelError("holds weights without the model's configuration", where=where,
                             remedy="Save the whole model with model.save() instead of its weights")
        config = parse_json(_decode(root.attrs["model_config"]), where)
        reader = _Reader(where)
        group = reader.group(root, "model_weights")
        names = [_decode(name).decode() for name in group.attrs["layer_names"]]
        models = nested_models(config, where)
        weights: dict[str, tuple[FloatArray, ...]] = {}
        for name in names:
            found = reader.group(group, name)
            weights |= reader.legacy_model(found, name) if name in models else {name: reader.legacy_layer(found)}
        return RawModel(config, weights, where)


def _read_keras(file: Path, where: str) -> RawModel:
    with zipfile.ZipFile(file) as archive:
        config = parse_json(_member(archive, "config.json", JSON_LIMIT_BYTES, where), where)
        weights = _member(archive, "model.weights.h5", MEMBER_LIMIT_BYTES, where)
    with h5py.File(io.BytesIO(weights), "r") as root:
        return RawModel(config, _keras_weights(config, root, _Reader(where)), where)


def _member(archive: zipfile.ZipFile, name: str, limit_bytes: int, where: str) -> bytes:
    if name not in archive.namelist():
        raise ModelError(f"the archive has no {name}", where=where, remedy="Save the whole model as .keras")
    if archive.getinfo(name).file_size > limit_bytes:
        raise ModelError(f"{name} is larger than {limit_bytes >> 20} MB", where=where,
                         remedy="Save the model without its optimizer")
    with archive.open(name) as member:
        # The declared size may lie, so what is read is bounded too.
        return member.read(limit_bytes)


def nested_models(config: JsonObject, where: str) -> dict[str, JsonObject]:
    """The models among a model's layers, by name."""
    inner = as_object(config.get("config"), "the model's config", where)
    items = [as_object(item, "a layer", where) for item in as_list(inner.get("layers"), "the list of layers", where)]
    return {as_text(as_object(item.get("config"), "a layer's config", where).get("name"), "a layer's name", where): item
            for item in items if class_of(item, where) in MODELS}


def _keras_weights(config: JsonObject, root: h5py.Group, reader: _Reader, depth: int = 0
                   ) -> Mapping[str, tuple[FloatArray, ...]]:
    """The arrays by layer name; those of nested models by "model/layer".

    The groups are numbered by class (`q_dense`, `q_dense_1`, ... in the model's order) or, in some releases, named
    as the layers; recent releases add the layer's name as an attribute, which decides where it is there.
    """
    where = reader.where
    if depth > DEEPEST:
        raise ModelError(f"nests models more than {DEEPEST} deep", where=where)
    if "layers" not in root and "_layer_checkpoint_dependencies" not in root:
        raise ModelError("the weight file has no layers", where=where)
    layers = reader.group(root, "layers" if "layers" in root else "_layer_checkpoint_dependencies")
    by_name: dict[str, h5py.Group] = {}
    groups: dict[str, h5py.Group] = {}
    key_of: dict[str, str] = {}
    for key in layers:
        group = reader.group(layers, key)
        if "batchnorm" in group:
            groups[f"{key}/batchnorm"] = reader.group(reader.group(group, "batchnorm"), "vars")
        if "vars" in group:
            groups[key] = reader.group(group, "vars")
            if "name" in groups[key].attrs:
                label = _decode(groups[key].attrs["name"]).decode()
                by_name[label], key_of[label] = groups[key], key
    weights: dict[str, tuple[FloatArray, ...]] = {}
    models = nested_models(config, where)
    for name, automatic in _layer_keys(config, where):
        if name in models:
            inside = next((key for key in layers if _named(reader, layers, key, "") == name), automatic)
            inner = _keras_weights(models[name], reader.group(layers, inside), reader, depth + 1)
            weights |= {f"{name}/{layer}": arrays for layer, arrays in inner.items()}
            continue
        found = by_name.get(name, groups.get(automatic if automatic in groups else name))
        weights[name] = () if found is None else reader.numbered(found)
        inside = groups.get(f"{key_of.get(name, automatic)}/batchnorm")
        if inside is not None:  # the normalisation that a QDenseBatchnorm holds
            weights[name] += reader.numbered(inside)
    return weights


def _named(reader: _Reader, layers: h5py.Group, key: str, otherwise: str) -> str:
    """The name that a group of a weight file says it has."""
    group = reader.group(layers, key)
    if "vars" not in group:
        return otherwise
    attributes = reader.group(group, "vars").attrs
    return _decode(attributes["name"]).decode() if "name" in attributes else otherwise


def _layer_keys(config: JsonObject, where: str) -> Iterator[tuple[str, str]]:
    """Each layer's name and the key Keras numbers it by."""
    inner = as_object(config.get("config"), "the model's config", where)
    used: dict[str, int] = {}
    for item in as_list(inner.get("layers"), "the list of layers", where):
        layer = as_object(item, "a layer", where)
        settings = as_object(layer.get("config"), "a layer's config", where)
        key = snake_case(class_of(layer, where))
        used[key] = used.get(key, -1) + 1
        yield as_text(settings.get("name"), "a layer's name", where), f"{key}_{used[key]}" if used[key] else key


def snake_case(name: str) -> str:
    """How Keras spells a class in the keys of a weight file.

    >>> snake_case("QDense"), snake_case("InputLayer"), snake_case("ReLU")
    ('q_dense', 'input_layer', 're_lu')
    """
    spaced = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", spaced).lower()


def _decode(value: object) -> bytes:
    """The bytes of an HDF5 string, whichever of its three kinds it is."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return value
    raise TypeError("a string attribute is not a string")


def _rank(variable: str) -> int:
    """Where an array of a layer stands: kernel, bias, and then the others as the file has them."""
    return {"kernel": 0, "bias": 1}.get(variable, 2)


class _Reader:
    """Reads groups and arrays of one file, keeping count of the weights read so far."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.total = 0

    def group(self, parent: h5py.Group, path: str) -> h5py.Group:
        found = self._follow(parent, path)
        if not isinstance(found, h5py.Group):
            raise ModelError(f"{path!r} is not a group", where=self.where)
        return found

    def legacy_layer(self, group: h5py.Group) -> tuple[FloatArray, ...]:
        """The arrays of a layer of an .h5 file, kernel before bias whatever their order in the file."""
        names = [_decode(name).decode() for name in group.attrs["weight_names"]]
        names.sort(key=lambda name: _rank(name.rpartition("/")[2].partition(":")[0]))
        return tuple(array for name in names if (array := self.array(group, name)).ndim)  # not a count of iterations

    def legacy_model(self, group: h5py.Group, model: str) -> dict[str, tuple[FloatArray, ...]]:
        """The arrays of a nested model of an .h5 file by "model/layer": the last part but one of a path."""
        layers: dict[str, list[tuple[str, FloatArray]]] = {}
        for path in (_decode(name).decode() for name in group.attrs["weight_names"]):
            parts = path.split("/")
            variable = parts[-1].partition(":")[0]
            known = layers.setdefault(parts[-2] if len(parts) > 1 else "", [])
            if any(variable == other for other, _ in known):
                raise ModelError(f"two layers of {model!r} are called {parts[-2]!r}", where=self.where,
                                 remedy="Save the model as .keras")
            known.append((variable, self.array(group, path)))
        return {f"{model}/{name}": tuple(array for _, array in sorted(found, key=lambda one: _rank(one[0])))
                for name, found in layers.items()}

    def numbered(self, group: h5py.Group) -> tuple[FloatArray, ...]:
        """The arrays "0", "1", ... of a layer of a .keras file."""
        return tuple(self.array(group, key) for key in sorted((key for key in group if key.isdecimal()), key=int))

    def array(self, parent: h5py.Group, path: str) -> FloatArray:
        found = self._follow(parent, path)
        if not isinstance(found, h5py.Dataset) or found.is_virtual or found.external:
            raise ModelError(f"{path!r} is not an array of this file", where=self.where)
        if found.dtype.kind not in "fiu" or found.shape is None:
            raise ModelError(f"the weights {path!r} are not real numbers", where=self.where)
        self.total += int(np.prod([int(size) for size in found.shape], dtype=object))
        if self.total > WEIGHT_LIMIT:
            raise ModelError(f"holds more than {WEIGHT_LIMIT >> 20} M weights", where=self.where)
        with np.errstate(over="ignore"):  # infinities are refused, with the layer, by whoever uses them
            return np.asarray(found[()], dtype=np.float32)

    def _follow(self, parent: h5py.Group, path: str) -> object:
        """The object at a path below `parent`, every step being a hard link."""
        here: object = parent
        for step in path.split("/"):
            if not isinstance(here, h5py.Group) or step in ("", "..") or step not in here:
                raise ModelError(f"{path!r} is missing", where=self.where)
            if not isinstance(here.get(step, getlink=True), h5py.HardLink):
                raise ModelError(f"{path!r} is a link to elsewhere", where=self.where)
            here = here[step]
        return here
