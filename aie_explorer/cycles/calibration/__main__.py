"""`python -m aie_explorer.cycles.calibration`: print the table; with --write fit anew and write the files."""

from __future__ import annotations

import argparse
from pathlib import Path

from aie_explorer.cycles.calibration.table import page


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m aie_explorer.cycles.calibration", description=__doc__)
    parser.add_argument("--write", action="store_true",
                        help="fit (needs scipy) and write constants.json and docs/calibration.md of this checkout")
    if parser.parse_args().write:
        from aie_explorer.cycles.calibration.write import write

        write(Path(__file__).resolve().parents[3])
    print(page())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
