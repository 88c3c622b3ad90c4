"""Design rules: what would stop a design from being built, said before export."""

from aie_explorer.checks.changes import check, check_and_fix
from aie_explorer.checks.check import errors
from aie_explorer.checks.rules import Rule, Violation
from aie_explorer.checks.table import RULES

__all__ = ["RULES", "Rule", "Violation", "check", "check_and_fix", "errors"]
