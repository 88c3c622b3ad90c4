"""What a design rule is, and what breaking one looks like.

A rule measures figures of a design and holds each against one limit. Rules of one option of a layer are in
`space.rules`: a Design cannot break them; the table lists them with the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from aie_explorer.devices import Device
    from aie_explorer.placement import Placement
    from aie_explorer.search.space import LayerSpace
    from aie_explorer.transport import Plan

Severity = Literal["error", "warning"]
Scope = Literal["device", "layer", "design", "plan"]


@dataclass(frozen=True)
class Violation:
    """One broken rule.

    Attributes:
        rule: stable id.
        where: layer, tensor, tile or device it is about.
        problem: what is wrong, in numbers.
        source: the document of the rule.
        remedy: what would fix it: the cheapest change that was found, else in words.
        severity: an "error" is refused by the tools or would not work; a "warning" rests on an estimate.
        used, limit: the numbers; None where the rule has no single one.
    """

    rule: str
    where: str
    problem: str
    source: str
    remedy: str
    severity: Severity = "error"
    used: float | None = None
    limit: float | None = None

    def __str__(self) -> str:
        source = f" ({self.source})" if self.source else ""
        return f"{self.where}: {self.problem}{source}. {self.remedy}"


@dataclass(frozen=True, eq=False)
class Subject:
    """A design as the rules see it: on the array, all copies counted.

    Attributes:
        device: with its clocks and PLIO width.
        layers: each with its one option.
        plio_in, plio_out: ports.
        placement: lower left tile of every layer.
        plan: how data move.
    """

    device: Device
    layers: tuple[LayerSpace, ...]
    plio_in: int
    plio_out: int
    placement: Placement | None = None
    plan: Plan | None = None


@dataclass(frozen=True)
class Use:
    """One figure that a rule measures.

    Attributes:
        where: layer, tensor, tile or device.
        used: the figure.
    """

    where: str
    used: float


@dataclass(frozen=True)
class Rule:
    """No figure that the rule measures may exceed its limit.

    Attributes:
        id: stable name.
        title: what is measured, with its unit, as it reads in "<title>: <used>, at most <limit>".
        severity: whether breaking it stops an export.
        scope: "device" and "layer" rules hold once a device or a Design exists; "design" rules need no plan, "plan"
            rules do.
        source: the document.
        remedy: in words.
        limit: of a device; None where no public document gives it.
        measure: the figures; None where the rule holds by construction.
    """

    id: str
    title: str
    severity: Severity
    scope: Scope
    source: str
    remedy: str
    limit: Callable[[Device], float | None]
    measure: Callable[[Subject], Iterable[Use]] | None = None

    def violations(self, subject: Subject) -> list[Violation]:
        """What breaks the rule."""
        limit = self.limit(subject.device)
        if self.measure is None or limit is None:
            return []
        return [Violation(self.id, use.where, f"{self.title}: {use.used:g}, at most {limit:g}", self.source,
                          self.remedy, self.severity, use.used, limit)
                for use in self.measure(subject) if use.used > limit]
