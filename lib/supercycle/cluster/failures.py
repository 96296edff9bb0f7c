"""Machines that break and are repaired, and machines that must slow down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from supercycle._validate import non_negative, positive
from supercycle.energy import speed_under_cap_share

__all__ = ["Failures", "Throttle", "speed_under_cap"]


@dataclass(frozen=True)
class Failures:
    """Failures of single machines, memoryless, each followed by a repair.

    A machine that fails loses its cache. Its requests go to other machines of the pool, where
    prompts and what was already written are read anew.

    Attributes
    ----------
    mtbf_s : float
        Mean time between a machine's failures, while it is up [s].
    repair_s : float
        Time until it serves again [s].
    """

    mtbf_s: float
    repair_s: float

    def __post_init__(self) -> None:
        positive("mtbf_s", self.mtbf_s)
        positive("repair_s", self.repair_s)


@dataclass(frozen=True)
class Throttle:
    """A cap on the power of each machine of a pool for a while: heat, or a short grid.

    Attributes
    ----------
    start_s, end_s : float
        [s].
    cap_w : float
        Power that each machine may draw [W].
    """

    start_s: float
    end_s: float
    cap_w: float

    def __post_init__(self) -> None:
        non_negative("start_s", self.start_s)
        positive("cap_w", self.cap_w)
        if not self.end_s > self.start_s:
            raise ValueError(f"end_s = {self.end_s}: must be after start_s = {self.start_s}")


def speed_under_cap(machine: Any, cap_w: float) -> float:
    """Share of its full speed that a replica keeps under a cap on its power [1].

    Raises
    ------
    ValueError
        When the cap is not above the idle power, which no clock removes, or when the replica's
        power is not known.

    Examples
    --------
    >>> from supercycle.cluster import Replica, StepTime
    >>> replica = Replica(StepTime(0.01), kv_tokens=1000, idle_w=100, prefill_w=700, decode_w=700)
    >>> round(speed_under_cap(replica, 600), 3)
    0.941
    """
    if not machine.busy_w > machine.idle_w:
        raise ValueError(
            f"prefill_w = {machine.prefill_w} of {machine.name!r}: must be above "
            f"idle_w = {machine.idle_w} for a cap on power to slow it"
        )
    return float(speed_under_cap_share(machine.busy_w, cap_w=cap_w, static_w=machine.idle_w))
