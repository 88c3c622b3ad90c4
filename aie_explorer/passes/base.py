"""What a pass is."""

from __future__ import annotations

from typing import Protocol

from aie_explorer.ir import Network


class Pass(Protocol):
    """A change of a network that leaves its arithmetic as it is; its fields are its options."""

    @property
    def name(self) -> str:
        """How reports call it."""

    def apply(self, network: Network) -> Network:
        """The changed network, valid again."""
