"""`python -m aie_explorer.checks > docs/rules.md` writes the table of the design rules."""

from aie_explorer.checks.table import markdown

print(markdown(), end="")
