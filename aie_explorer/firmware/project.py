"""An exported Vitis project on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from aie_explorer import html
from aie_explorer.design import Design, load_design
from aie_explorer.progress import Step, silent

if TYPE_CHECKING:
    from aie_explorer.firmware.verify import Verdict
    from aie_explorer.reference import Inputs


@dataclass(frozen=True)
class FirmwareProject:
    """The folder of an exported project and the design it holds.

    Attributes:
        path: the folder.
        design: the design, as `design.json` has it.
        verdict: what the export's verification found; None where there was none.
        unverified: why there was none.
    """

    path: Path
    design: Design
    verdict: Verdict | None = field(default=None, compare=False)
    unverified: str = field(default="not asked for", compare=False)

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

    def verify(self, x: Inputs | None = None, *, samples: int = 64, timeout_s: float = 120.0,
               progress: Step = silent) -> Verdict:
        """Compile the project on this machine, run it, and compare every tensor with the reference, bit for bit.

        Args:
            x: inputs in the model's units; `samples` random ones when None.
            samples: how many random samples.
            timeout_s: after which the program is ended.
            progress: told "compile", "emulate" and "compare"; what it raises ends the work.

        Raises:
            EmulationError: without a C++20 compiler, or when the project does not compile or run.
        """
        from aie_explorer.firmware.verify import verify

        return verify(self, x, samples=samples, timeout_s=timeout_s, progress=progress)

    def _repr_html_(self) -> str:
        said = str(self.verdict) if self.verdict else f"not verified: {self.unverified}"
        files = self.files
        tree = "\n".join(f"{(self.path / file).stat().st_size:>10,} B  {file.as_posix()}" for file in files)
        return html.paragraph(str(self)) + html.paragraph(said) + (
            f"<details><summary>{len(files)} files</summary>{html.block(tree)}</details>")

    def __str__(self) -> str:
        return f"{self.path}: {len(self.files)} files, {self.design.tiles} tiles of {self.design.device.name}"
