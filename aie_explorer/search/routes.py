"""Which way layers hand over their results, where a user says so; left alone, each edge is direct where it can be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from aie_explorer.errors import DesignError
from aie_explorer.search.space import DesignSpace, LayerSpace, straight, whole_beats
from aie_explorer.space import INTO, OUT_OF, ROUTES, parse_route
from aie_explorer.space.direct import DIRECT, why_not_direct


def routed(layer: LayerSpace, routes: Iterable[object], where: str) -> LayerSpace:
    """The options of a layer, once for each of some routes. A layer of which routes were chosen stays as it is.

    Raises:
        DesignError: for what is no route.
    """
    places = list(dict.fromkeys(ROUTES.index(parse_route(route, where)) for route in routes))
    if layer.table["route"].any() or places == [0]:
        return layer
    table = np.tile(layer.table, len(places))
    table["route"] = np.repeat(places, len(layer.table))
    return replace(layer, table=table, cycles=np.tile(layer.cycles, len(places)))


def read_by_layers(space: DesignSpace) -> set[int]:
    """The layers whose results another layer reads."""
    return {source for sources in space.sources for source in sources if source >= 0}


def check_routes(space: DesignSpace) -> None:
    """Refuse routes that no option has, and PLIOs into or out of tiles that cannot be.

    Raises:
        DesignError: where a layer must hand over directly and cannot, with the reason.
    """
    readers = read_by_layers(space)
    for layer, op in zip(space.layers, space.network.layers, strict=True):
        _check_ports(space, layer, straight(space.network, op))
    for i, layer in enumerate(space.layers):
        if i not in readers and (layer.table["route"] == DIRECT).all():
            raise DesignError("no layer reads its results, and what leaves the array goes through a memory tile",
                              where=f"{layer.name}.route", remedy='Use "auto"')
    for edge in space.edges:
        for axis, producer in enumerate(edge.producers):
            layer, reader = space.layers[producer], space.layers[edge.consumer]
            must_be = layer.writers[0][:, 5].astype(bool)
            if must_be.all() and not np.moveaxis(edge.legal, axis, 0)[must_be].any():
                several = len(space.sources[edge.consumer]) > 1
                raise DesignError(why_not_direct(layer.table, reader.table, reader.name, several=several),
                                  where=f"{layer.name}.route", remedy='Use "auto" or "memory_tile", or slices that are '
                                  "the same on both sides")


def _check_ports(space: DesignSpace, layer: LayerSpace, ends: int) -> None:
    for bit, why in ((INTO, "it does not read one input of the network alone, so PLIOs cannot feed its tiles"),
                     (OUT_OF, "its results do not leave the array once and go nowhere else, so its tiles cannot feed "
                              "PLIOs")):
        if (layer.table["ports"] & bit & ~ends).any():
            raise DesignError(why, where=f"{layer.name}.ports", remedy='Use "memory_tile"')
    if not whole_beats(layer.table, space.device).all():
        raise DesignError(f"the buffers of its tiles are not whole transfers of PLIOs of {space.device.plio_bits} bits",
                          where=f"{layer.name}.ports", rule="AM020 ch3",
                          remedy='Use "memory_tile", narrower PLIOs or a larger microtile')
