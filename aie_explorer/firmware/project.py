"""An exported Vitis project on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aie_explorer.design import Design, load_design


@dataclass(frozen=True)
class FirmwareProject:
    """The folder of an exported project and the design it holds.

    Attributes:
        path: the folder.
        design: the design, as `design.json` has it.
    """

    path: Path
    design: Design

    @classmethod
    def open(cls, path: str | Path) -> FirmwareProject:
        """An existing project.

        Raises:
            DesignError: when the folder holds no intact design.json.
        """
        return cls(Path(path), load_design(path))

    @property
    def files(self) -> list[Path]:
        """Every file of the project, relative to its folder."""
        return sorted(file.relative_to(self.path) for file in self.path.rglob("*") if file.is_file())

    def __str__(self) -> str:
        return f"{self.path}: {len(self.files)} files, {self.design.tiles} tiles of {self.design.device.name}"
