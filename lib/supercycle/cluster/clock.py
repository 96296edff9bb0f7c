"""The simulation's clock: whole femtoseconds, and who comes first at one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simpy import Environment
    from simpy.events import Event

__all__ = ["ACT", "BEGIN", "MOVE", "ROUTE", "SAMPLE", "TICKS_PER_S", "at"]

TICKS_PER_S = 10**15

# At one moment machines end their steps first, in their order (2, 3, …); then caches arrive,
# then machines fail, are repaired or ordered, then requests are routed, then idle machines begin
# with all that has come to them, then we look.
MOVE, ACT, ROUTE, BEGIN, SAMPLE = (k * 10**6 for k in range(1, 6))


def at(env: Environment, delay: int, priority: int) -> Event:
    """An event that happens after a delay; of events at one moment, low priorities come first."""
    event = env.event()
    event._ok, event._value = True, None
    env.schedule(event, priority, delay)  # type: ignore[arg-type]
    return event
