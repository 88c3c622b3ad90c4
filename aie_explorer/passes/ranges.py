"""What a quantizer or a ReLU does to integers that are already on a grid."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aie_explorer.ir import FixedPoint


@dataclass(frozen=True)
class Range:
    """The integers low .. high of a type."""

    type: FixedPoint
    low: int
    high: int

    @classmethod
    def of(cls, fixed: FixedPoint) -> Range:
        """Every integer of a type."""
        return cls(fixed, fixed.min_int, fixed.max_int)

    def relu(self) -> Range:
        """After max(x, 0)."""
        return Range(self.type, max(self.low, 0), max(self.high, 0))

    def quantized(self, target: Range) -> Range | None:
        """After a second quantizer; None when that rounds again, which one shift cannot reproduce.

        A grid as fine or finer keeps every value, so only the target's bounds act. They must lie on this grid.
        """
        finer = target.type.frac - self.type.frac
        if finer < 0:
            return None
        low, high = self.low, self.high
        if target.low > low << finer:
            if target.low % (1 << finer):
                return None
            low = target.low >> finer
        if target.high < high << finer:
            if target.high % (1 << finer):
                return None
            high = target.high >> finer
        if low > high:  # the bounds leave one value, beyond what is here
            return None
        if finer == 0 and target.type.width <= self.type.width and target.type.rounding == self.type.rounding:
            return Range(target.type, low, high)
        return Range(self.type, low, high)

    def as_type(self) -> FixedPoint | None:
        """The type whose integers are exactly these, rounded as the type does; None when there is none."""
        bits = self.high.bit_length()
        for candidate in (
            self.type,
            replace(self.type, width=bits, signed=False, saturation="saturate"),
            replace(self.type, width=bits + 1, signed=True, saturation="saturate"),
            replace(self.type, width=bits + 1, signed=True, saturation="symmetric"),
        ):
            if bits and (candidate.min_int, candidate.max_int) == (self.low, self.high):
                return candidate
        return None
