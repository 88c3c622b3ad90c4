"""The rules of a whole design. Those of one layer are in `space.rules`: a Design cannot break them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aie_explorer.errors import AieExplorerError

if TYPE_CHECKING:
    from aie_explorer.design import Design


@dataclass(frozen=True)
class Violation:
    """One broken rule.

    Attributes:
        rule: stable id.
        where: layer, tensor or device it is about.
        problem: what is wrong, in numbers.
        source: the document of the rule.
        remedy: what would fix it.
    """

    rule: str
    where: str
    problem: str
    source: str
    remedy: str

    def __str__(self) -> str:
        source = f" ({self.source})" if self.source else ""
        return f"{self.where}: {self.problem}{source}. {self.remedy}"


def check(design: Design) -> list[Violation]:
    """The rules a design breaks: tiles, placement, PLIOs, memory tiles. Empty if it can be exported."""
    device, found = design.device, []
    if design.tiles > device.tiles:
        found.append(Violation("tiles", device.name, f"the design needs {design.tiles} tiles, the array has "
                               f"{device.tiles}", "", "Use fewer tiles for some layer"))
        return found
    estimate = design.estimate()
    if device.geometry is not None and device.geometry.pl_columns is not None:
        for way, used, per_column in (("in", estimate.plio_in, device.plio_in_per_column),
                                      ("out", estimate.plio_out, device.plio_out_per_column)):
            limit = per_column * device.pl_columns
            if used > limit:
                found.append(Violation(f"plio_{way}", device.name, f"the design needs {used} PLIOs {way}, the array "
                                       f"has {limit}", "AM020 ch3", "Use a smaller cas_length or cas_num at the ends"))
    try:
        design.plan()
    except AieExplorerError as error:
        rule = "placement" if type(error).__name__ == "PlacementError" else "memory_tiles"
        found.append(Violation(rule, error.where or device.name, error.problem, error.rule or "", error.remedy or ""))
    return found
