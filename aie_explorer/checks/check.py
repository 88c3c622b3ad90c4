"""Which rules a design breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aie_explorer.checks.rules import Subject, Violation
from aie_explorer.checks.table import DESIGN_RULES
from aie_explorer.errors import AieExplorerError, PlacementError

if TYPE_CHECKING:
    from aie_explorer.design import Design


def subject_of(design: Design) -> Subject:
    """A design as the rules see it, not yet placed. Copies for which the array has no tiles are counted, not made."""
    estimate, fits = design.estimate(), design.tiles <= design.device.tiles
    layers = design.on_array.space.layers if fits else design.space.layers * design.copies
    return Subject(design.device, layers, estimate.plio_in, estimate.plio_out)


def found_in(subject: Subject) -> list[Violation]:
    """What breaks the rules of a whole design; those of a plan where there is one."""
    return [violation for rule in DESIGN_RULES if rule.scope == "design" or subject.plan is not None
            for violation in rule.violations(subject)]


def violations(design: Design) -> list[Violation]:
    """The rules a design breaks, errors first, with remedies in words."""
    subject = subject_of(design)
    found = found_in(subject)
    counted = [one.rule for one in found if one.severity == "error"]
    if "tiles" not in counted and not (counted and design.copies > 1):  # many copies take long to place and plan
        try:
            subject = replace(subject, plan=design.plan(), placement=design.place())
        except AieExplorerError as error:
            rule = "placement" if isinstance(error, PlacementError) else "memory_tiles"
            found.append(Violation(rule, error.where or design.device.name, error.problem, error.rule or "",
                                   error.remedy or ""))
        else:
            found = found_in(subject)
    return sorted(found, key=lambda one: one.severity != "error")


def errors(design: Design) -> list[Violation]:
    """Those that stop an export."""
    return [one for one in violations(design) if one.severity == "error"]
