"""A station at work: jobs that keep one slot each for a given time."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from supercycle.cluster.clock import TICKS_PER_S, at
from supercycle.cluster.control import FairQueue, PriorityQueue

if TYPE_CHECKING:
    from supercycle.cluster.fleet import Pool, Station
    from supercycle.cluster.world import World

__all__ = ["StationServer"]


class StationServer:
    """A station's queue and slots."""

    def __init__(self, world: World, pool: Pool, rank: int, name: str) -> None:
        machine: Station = pool.machine  # type: ignore[assignment]
        self.world, self.calls, self.env = world, world.calls, world.env
        self.machine, self.pool, self.rank, self.name = machine, pool, rank, name
        self.waiting: Any = deque()
        if pool.queue == "priority":
            self.waiting = PriorityQueue(world.calls.priority)
        elif pool.queue == "fair":
            self.waiting = FairQueue(world.calls.priority, world.calls.user)
        self.running: dict[int, int] = {}  # job → moment at which it started
        self.load = 0  # jobs that run or wait
        self.busy_ticks = 0  # of slots
        self.on, self.off, self.down_ticks = int(self.env.now), -1, 0
        self.draining = False

    def submit(self, call: int) -> None:
        """Start a job or put it into the queue."""
        self.load += 1
        self.calls.replica[call] = self.rank
        if len(self.running) < self.machine.slots:
            self.start(call)
        else:
            self.waiting.append(call)

    def start(self, call: int) -> None:
        """Give a job a slot for its time."""
        calls = self.calls
        now: int = self.env.now  # type: ignore[assignment]
        if calls.start_s[call] != calls.start_s[call]:
            calls.start_s[call] = now / TICKS_PER_S
        self.running[call] = now
        if self.pool.queue == "fair":
            self.waiting.charge(call, 1)
        end = at(self.env, round(calls.service_s[call] * TICKS_PER_S), self.rank)
        end.callbacks.append(lambda _: self.finish(call, now))

    def finish(self, call: int, started: int) -> None:
        """Free the slot and give it to whoever is next."""
        if self.running.get(call) != started:
            return  # the station failed in between
        now: int = self.env.now  # type: ignore[assignment]
        del self.running[call]
        self.busy_ticks += now - started
        self.load -= 1
        self.calls.finish_s[call] = now / TICKS_PER_S
        if self.waiting:
            self.start(self.waiting.popleft())
        if self.draining and not self.load:
            self.off = now
        self.world.finished(call)

    def cached_tokens(self, call: int) -> int:
        """A station keeps no caches."""
        return 0

    def fail(self) -> list[int]:
        """The station breaks; the jobs it had, in order, begin anew elsewhere."""
        now: int = self.env.now  # type: ignore[assignment]
        self.busy_ticks += sum(now - started for started in self.running.values())
        had = [*self.running, *self.waiting]
        self.running.clear()
        self.waiting.clear()
        self.load = 0
        return had

    def close(self, now: int) -> None:
        """The simulation ends: count the jobs under way."""
        self.busy_ticks += sum(now - started for started in self.running.values())

    @property
    def busy_j(self) -> float:
        """Energy of running jobs [J]."""
        return self.busy_ticks / TICKS_PER_S * self.machine.slot_w

    def state(self) -> tuple[int, int, float, float]:
        """Jobs running and waiting, share of slots in use and power [W], as of now."""
        m, active = self.machine, len(self.running)
        return active, len(self.waiting), active / m.slots, m.idle_w + active * m.slot_w
