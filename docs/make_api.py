"""Makes the API reference from the docstrings, one page a part of the package.

    python docs/make_api.py [FOLDER]

Writes to build/api where no folder is given; open its index.html. Needs pdoc (extra `test`), and no network.
"""

from __future__ import annotations

import os
import pkgutil
import sys
from importlib import import_module
from pathlib import Path

import aie_explorer


def parts() -> list[str]:
    """The package and those of its parts that say what is public."""
    names = [f"aie_explorer.{module.name}" for module in pkgutil.iter_modules(aie_explorer.__path__) if module.ispkg]
    return ["aie_explorer", *(name for name in names if hasattr(import_module(name), "__all__"))]


def make(folder: Path) -> None:
    """Write the pages."""
    os.environ["PDOC_ALLOW_EXEC"] = "1"  # packages that are imported on the way ask `uname`
    import pandas as pd
    import pdoc.render

    pd.Series.__class_getitem__ = classmethod(lambda cls, item: cls)  # an annotation may say pd.Series[Any]
    pdoc.render.configure(docformat="google", footer_text=f"aie_explorer {aie_explorer.__version__}", search=True)
    pdoc.pdoc(*parts(), output_directory=folder)


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "build/api")
    make(target)
    print(target / "index.html")
