"""Compare the outputs of the last simulation with data/expected_*.txt. Needs nothing but Python 3."""

import pathlib
import sys


def numbers(path):
    """Values of a simulator's data file; lines of time stamps and TLAST are passed over."""
    lines = path.read_text(encoding="ascii").splitlines()
    return [int(word) for line in lines if not line.startswith(("T ", "TLAST")) for word in line.split()]


def main():
    here = pathlib.Path(__file__).resolve().parent
    folders = [here / f"{simulator}_output" / "data" for simulator in ("aiesimulator", "x86simulator")]
    folders = [folder for folder in folders if folder.is_dir()]
    if not folders:
        sys.exit("no simulation has run here: try 'make x86sim' or 'make aiesim' first")
    wrong = total = 0
    for folder in folders:
        for expected in sorted((here / "data").glob("expected_*.txt")):
            output = folder / expected.name.removeprefix("expected_")
            want, got = numbers(expected), numbers(output) if output.is_file() else []
            differ = sum(a != b for a, b in zip(want, got)) + abs(len(want) - len(got))
            name = expected.name.removeprefix("expected_")
            print(f"{folder.parent.name}: {name}: {differ} of {len(want)} values differ")
            wrong, total = wrong + differ, total + len(want)
    print(f"{wrong} of {total} values differ")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
