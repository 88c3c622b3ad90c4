"""Design rules: what would stop a design from being built, said before export."""

from aie_explorer.checks.rules import Violation, check

__all__ = ["Violation", "check"]
