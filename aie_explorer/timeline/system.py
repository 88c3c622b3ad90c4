"""What happens in a planned design, as data: activities that fill and drain buffers and occupy resources.

An activity happens once an iteration (a call of the graph): a transfer over DMA channels or a PLIO, or a call of the
kernels of a cascade. A buffer has copies; it can be drained once all its writers have filled a copy, and a copy can be
filled again once all its readers have drained it: that is what the locks of a tile or memory tile enforce. A resource
does one thing at a time. All times are cycles of the array clock.
"""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("input PLIO", "input DMA", "kernel", "output DMA", "output PLIO")


@dataclass(frozen=True)
class Access:
    """What an activity holds, and from when to when after its start.

    Attributes:
        index: of the buffer or resource.
        begin_cycles: when it needs it. A transfer needs its target when the first word arrives there.
        end_cycles: when it lets go.
    """

    index: int
    begin_cycles: float
    end_cycles: float


@dataclass(frozen=True)
class Activity:
    """Something that happens once an iteration.

    Attributes:
        name: unique, such as "dense0 kernel 1".
        group: the resource as `Estimate.bottleneck` names it, such as "dense0 kernel" or "input PLIO".
        kind: one of KINDS.
        layer: whose; the tensor of a PLIO.
        busy_cycles: of its resources, each iteration.
        reads, writes: buffers.
        uses: resources; it has at least one.
        first_beat_cycles, last_beat_cycles: of an output PLIO, from its start to its first and last beat.
    """

    name: str
    group: str
    kind: str
    layer: str
    busy_cycles: float
    reads: tuple[Access, ...]
    writes: tuple[Access, ...]
    uses: tuple[Access, ...]
    first_beat_cycles: float = 0.0
    last_beat_cycles: float = 0.0


@dataclass(frozen=True)
class System:
    """All that happens.

    Attributes:
        activities: in the order of the data, layer by layer.
        buffers: their names.
        copies: of each buffer.
        resources: their names.
    """

    activities: tuple[Activity, ...]
    buffers: tuple[str, ...]
    copies: tuple[int, ...]
    resources: tuple[str, ...]
