"""`python -m aie_explorer`: the command line."""

from aie_explorer.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
