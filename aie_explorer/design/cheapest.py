"""What it takes to be fast enough, and why being faster costs what it does."""

from __future__ import annotations

from dataclasses import dataclass

from aie_explorer.design import Design
from aie_explorer.space import Choice


@dataclass(frozen=True)
class Cheapest:
    """The answer of `Explorer.cheapest`.

    Attributes:
        design: the one of fewest tiles within the limits.
        faster: the one of fewest tiles among the faster ones; None where nothing is faster.
    """

    design: Design
    faster: Design | None

    @property
    def changed(self) -> tuple[str, ...]:
        """The layers that the faster design cuts in another way."""
        if self.faster is None:
            return ()
        return tuple(name for name, choice in self.design.layers.items() if self.faster.layers[name] != choice)

    @property
    def reason(self) -> str:
        """What limits the design, and what the next faster one does about it, in words."""
        now = self.design.estimate()
        limit = f"{now.bottleneck} sets the interval of {now.interval_cycles:.0f} cycles"
        if self.faster is None:
            what = "this network" if self.design.copies == 1 else f"{self.design.copies} copies of this network"
            return f"{limit}; no design of {what} is faster on {self.design.device.name}"
        then = self.faster.estimate()
        more = then.tiles - now.tiles
        cuts = "; ".join(_change(name, self.design.layers[name], self.faster.layers[name]) for name in self.changed)
        cost = f"{more} more tile{'s' * (more != 1)}" if more >= 0 else f"{-more} fewer tiles, but other figures"
        return (f"{limit}; the next faster design has {then.interval_cycles:.0f} cycles and takes {cost}: {cuts}. "
                f"There {then.bottleneck} sets the interval")

    def __str__(self) -> str:
        return f"{self.design}\n  {self.reason}."


def _change(name: str, before: Choice, after: Choice) -> str:
    """The cascades of a layer in both designs; where these are the same, all else of its choice."""
    words = _cut if _cut(before) != _cut(after) else str
    return f"{name} from {words(before)} to {words(after)}"


def _cut(choice: Choice) -> str:
    return f"{choice.cas_length} x {choice.cas_num} ({choice.tiles} tile{'s' * (choice.tiles != 1)})"
