"""A replica at work: continuous batching in steps, many of them at once.

The engine is a SimPy process that sleeps to the end of a *run*: one step that reads prompts, or
as many decode steps as pass before somebody finishes or the pages run out. A request that
arrives in the middle cuts the run at the end of the step under way. Nothing is done per token.

Time is counted in whole femtoseconds, and so are the coefficients of a step. The closed form of
a run is then the very number that its steps add up to, and a simulation in runs equals one in
steps to the last bit.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from simpy.events import Event

from supercycle.cluster.fleet import Replica, Station
from supercycle.cluster.steps import lines

if TYPE_CHECKING:
    from simpy import Environment

    from supercycle.cluster.simulate import World

__all__ = ["TICKS_PER_S", "Server", "StationServer"]

TICKS_PER_S = 10**15
TICK_S = 1e-15


def at(env: Environment, delay: int, priority: int) -> Event:
    """An event that happens after a delay; of events at one moment, low priorities come first."""
    event = Event(env)
    event._ok, event._value = True, None
    env.schedule(event, priority, delay)  # type: ignore[arg-type]
    return event


class Server:
    """A replica's queue, batch and cache."""

    def __init__(self, world: World, machine: Replica, rank: int, name: str, exact: bool) -> None:
        self.world, self.calls, self.env = world, world.calls, world.env
        self.machine, self.rank, self.name, self.exact = machine, rank, name, exact
        self.constants, self.slopes = lines(machine.steps, machine.max_batch, TICKS_PER_S)
        self.max_batch, self.block = machine.max_batch, machine.block_tokens
        self.watermark = math.ceil(machine.watermark_share * machine.pages)
        self.waiting: deque[int] = deque()
        self.running: dict[int, None] = {}  # in the order of admission
        self.reading: dict[int, int] = {}  # prompt tokens left to read
        self.emitted: dict[int, int] = {}  # tokens written before a preemption
        self.ends: dict[int, int] = {}  # step after which a decoding request is done
        self.finishing: list[tuple[int, int]] = []  # (step, request), a heap with stale entries
        self.batch = 0  # requests that decode
        self.context = 0  # tokens in their caches
        self.step = 0  # steps made
        self.growth = [0] * self.block  # requests that take a page at step ≡ index (mod block)
        self.free = machine.pages
        self.load = 0  # tokens of unfinished requests
        # the run under way
        self.asleep = True
        self.started = 0
        self.steps = 0
        self.first_ticks = 0  # time of its first step
        self.more_ticks = 0  # what each further step takes longer
        self.chunks: list[tuple[int, int]] = []  # (request, prompt tokens read)
        # totals
        self.decode_ticks = 0
        self.mixed_ticks = 0
        self.turn = Event(self.env)
        self.env.process(self.work())

    # -- the process --------------------------------------------------------------------------

    def work(self) -> Generator[Event, None, None]:
        """Plan a run, sleep to its end, settle it; with nothing to do, sleep until woken."""
        while True:
            ticks = self.plan()
            if ticks:
                self.asleep = False
                self.started = self.env.now  # type: ignore[assignment]
                self.turn = at(self.env, ticks, self.rank)
            else:
                self.asleep = True
                self.turn = Event(self.env)
            yield self.turn
            if self.steps:
                self.settle()

    def submit(self, call: int) -> None:
        """Put a request into the queue; it may join the batch when the step under way ends."""
        calls = self.calls
        self.load += calls.prompt[call] + calls.output[call]
        calls.replica[call] = self.rank
        self.waiting.append(call)
        if self.asleep:
            self.wake()
        elif self.steps > 1 and len(self.waiting) == 1 and len(self.running) < self.max_batch:
            self.cut()

    def wake(self) -> None:
        """End the sleep at once."""
        self.asleep = False
        self.steps = 0
        turn = self.turn
        turn._ok, turn._value = True, None
        self.env.schedule(turn, self.rank)  # type: ignore[arg-type]

    def cut(self) -> None:
        """End the run with the step under way."""
        steps = self.steps_done() + 1
        if steps < self.steps:
            self.steps = steps
            ends = self.started + self.ticks(steps)
            late = self.turn
            self.turn = at(self.env, ends - self.env.now, self.rank)  # type: ignore[arg-type]
            self.turn.callbacks, late.callbacks = late.callbacks, []

    def ticks(self, steps: int) -> int:
        """Time of the first steps of the run under way."""
        return steps * self.first_ticks + self.more_ticks * (steps * (steps - 1) // 2)

    def steps_done(self) -> int:
        """Steps of the run under way that are over by now: the largest j with ticks(j) ≤ elapsed."""
        elapsed = self.env.now - self.started
        more = self.more_ticks
        if not more:
            return int(elapsed // self.first_ticks)
        half = self.first_ticks - 0.5 * more
        done = int((math.sqrt(half * half + 2.0 * more * elapsed) - half) / more)
        while self.ticks(done + 1) <= elapsed:
            done += 1
        while self.ticks(done) > elapsed:
            done -= 1
        return done

    # -- planning -----------------------------------------------------------------------------

    def plan(self) -> int:
        """Admit, preempt, and return the time of the next run; 0 when there is nothing to do."""
        growth, place = self.growth, self.step % self.block
        short = growth[place] > self.free
        if short:
            while growth[place] > self.free:
                self.preempt(next(reversed(self.running)))
        elif self.waiting:
            self.admit(growth[place])
        if self.reading:
            return self.plan_mixed()
        batch = self.batch
        if not batch:
            self.steps = 0
            return 0
        finishing, ends = self.finishing, self.ends
        while ends.get(finishing[0][1]) != finishing[0][0]:
            heappop(finishing)
        slope = self.slopes[batch]
        self.first_ticks = self.constants[batch] + slope * (self.context + batch)
        self.more_ticks = slope * batch
        if self.exact or short:  # after a preemption the queue may move again in the next step
            steps = 1
        else:
            steps = finishing[0][0] - self.step
            if (steps // self.block + 1) * batch > self.free:
                steps = min(steps, self.steps_that_fit())
        self.steps = steps
        return self.ticks(steps)

    def admit(self, growing: int) -> None:
        """Let waiting requests into the batch while places, tokens and pages last."""
        waiting, running, calls = self.waiting, self.running, self.calls
        budget = self.machine.token_budget - self.batch - sum(self.reading.values())
        while waiting and budget > 0 and len(running) < self.max_batch:
            call = waiting[0]
            length = calls.prompt[call] + self.emitted.get(call, 0)
            pages = -(-length // self.block)
            if self.free - growing - pages < (self.watermark if running else 0):
                break
            waiting.popleft()
            self.free -= pages
            running[call] = None
            self.reading[call] = length
            budget -= length
            if calls.start_s[call] != calls.start_s[call]:
                calls.start_s[call] = self.env.now * TICK_S

    def plan_mixed(self) -> int:
        """One step that decodes the batch and reads as much of the prompts as the budget allows."""
        budget = self.machine.token_budget - self.batch
        new = past = 0
        pairs = 0.0
        chunks = []
        for call, left in self.reading.items():
            take = left if left < budget else budget
            if not take:
                break
            before = self.calls.prompt[call] + self.emitted.get(call, 0) - left
            chunks.append((call, take))
            new += take
            past += before
            pairs += take * (before + (take + 1) / 2)
            budget -= take
        self.chunks = chunks
        self.steps = 1
        self.more_ticks = 0
        seconds = self.machine.steps.mixed_s(
            self.batch, self.context + self.batch, new, pairs, past
        )
        self.first_ticks = max(1, round(seconds * TICKS_PER_S))
        return self.first_ticks

    def steps_that_fit(self) -> int:
        """Steps until the batch needs more pages than are free; at least one fits."""
        cycles, left = divmod(self.free, self.batch)
        steps = cycles * self.block
        place = self.step
        while (left := left - self.growth[place % self.block]) >= 0:
            place += 1
            steps += 1
        return steps

    def preempt(self, call: int) -> None:
        """Take a request out of the batch and put it first in the queue, its cache dropped."""
        self.leave(call)
        self.calls.preemptions[call] += 1
        self.waiting.appendleft(call)

    def leave(self, call: int) -> None:
        """Take a request out of the batch and free its pages; what it has written is kept."""
        calls, block = self.calls, self.block
        del self.running[call]
        if call in self.reading:
            del self.reading[call]
            length = calls.prompt[call] + self.emitted.get(call, 0)
        else:
            left = self.ends.pop(call) - self.step
            length = calls.prompt[call] + calls.output[call] - 1 - left
            self.batch -= 1
            self.context -= length
            self.growth[(self.step - length) % block] -= 1
            self.emitted[call] = calls.output[call] - left
        self.free += -(-length // block)

    # -- settling -----------------------------------------------------------------------------

    def settle(self) -> None:
        """Book what the run has done: tokens written, pages taken, requests finished."""
        steps, batch, block = self.steps, self.batch, self.block
        chunks = self.chunks
        if batch:
            growth = self.growth
            cycles, rest = divmod(steps, block)
            taken = cycles * batch
            for place in range(self.step, self.step + rest):
                taken += growth[place % block]
            self.free -= taken
            self.context += batch * steps
        self.step += steps
        if chunks:
            self.mixed_ticks += self.first_ticks
        else:
            self.decode_ticks += self.ticks(steps)
        finishing, step, ends = self.finishing, self.step, self.ends
        while finishing and finishing[0][0] <= step:
            end, call = heappop(finishing)
            if ends.get(call) == end:
                self.finish(call, end)
        if chunks:
            self.chunks = []
            self.read(chunks)

    def finish(self, call: int, end: int) -> None:
        """A request has written its last token."""
        calls, block = self.calls, self.block
        length = calls.prompt[call] + calls.output[call] - 1
        del self.running[call]
        del self.ends[call]
        self.batch -= 1
        self.context -= length
        self.growth[(end - length) % block] -= 1
        self.free += -(-length // block)
        self.done(call)

    def done(self, call: int) -> None:
        """Report the end of a request."""
        calls = self.calls
        self.load -= calls.prompt[call] + calls.output[call]
        calls.finish_s[call] = self.env.now * TICK_S
        self.world.finished(call)

    def read(self, chunks: list[tuple[int, int]]) -> None:
        """Prompts that are read to the end write their first token and decode from now on."""
        calls, reading, step = self.calls, self.reading, self.step
        for call, take in chunks:
            if reading[call] > take:
                reading[call] -= take
                continue
            del reading[call]
            emitted = self.emitted.pop(call, 0) + 1
            if emitted == 1:
                calls.first_s[call] = self.env.now * TICK_S
            length = calls.prompt[call] + emitted - 1
            left = calls.output[call] - emitted
            if not left:
                del self.running[call]
                self.free += -(-length // self.block)
                self.done(call)
                continue
            self.ends[call] = step + left
            heappush(self.finishing, (step + left, call))
            self.batch += 1
            self.context += length
            self.growth[(step - length) % self.block] += 1

    # -- looking on ---------------------------------------------------------------------------

    def state(self) -> tuple[int, int, float, float]:
        """Requests running and waiting, share of the cache in use and power [W], as of now."""
        machine = self.machine
        taken = 0
        if not self.asleep and self.batch and self.steps:
            done = self.steps_done()
            cycles, rest = divmod(done, self.block)
            taken = cycles * self.batch + sum(
                self.growth[place % self.block] for place in range(self.step, self.step + rest)
            )
        used = 1 - (self.free - taken) / machine.pages
        power = (
            machine.idle_w
            if self.asleep
            else machine.prefill_w
            if self.chunks
            else machine.decode_w
        )
        return len(self.running), len(self.waiting), used, power

    @property
    def busy_s(self) -> float:
        """Time spent in steps [s]."""
        return (self.decode_ticks + self.mixed_ticks) * TICK_S

    def energy_j(self, up_s: float) -> float:
        """Energy over the time that the replica was up [J]."""
        m = self.machine
        return (
            up_s * m.idle_w
            + self.decode_ticks * TICK_S * (m.decode_w - m.idle_w)
            + self.mixed_ticks * TICK_S * (m.prefill_w - m.idle_w)
        )


class StationServer:
    """A station's queue and slots: each job keeps one slot for its time."""

    def __init__(self, world: World, machine: Station, rank: int, name: str, exact: bool) -> None:
        self.world, self.calls, self.env = world, world.calls, world.env
        self.machine, self.rank, self.name = machine, rank, name
        self.waiting: deque[int] = deque()
        self.active = 0
        self.load = 0
        self.busy_ticks = 0

    def submit(self, call: int) -> None:
        """Start a job or put it into the queue."""
        self.load += 1
        self.calls.replica[call] = self.rank
        if self.active < self.machine.slots:
            self.start(call)
        else:
            self.waiting.append(call)

    def start(self, call: int) -> None:
        """Give a job a slot for its time."""
        calls = self.calls
        calls.start_s[call] = self.env.now * TICK_S
        self.active += 1
        ticks = round(calls.service_s[call] * TICKS_PER_S)
        self.busy_ticks += ticks
        end = at(self.env, ticks, self.rank)
        end.callbacks.append(lambda _: self.finish(call))

    def finish(self, call: int) -> None:
        """Free the slot and give it to whoever waits longest."""
        self.active -= 1
        self.load -= 1
        self.calls.finish_s[call] = self.env.now * TICK_S
        if self.waiting:
            self.start(self.waiting.popleft())
        self.world.finished(call)

    def state(self) -> tuple[int, int, float, float]:
        """Jobs running and waiting, share of slots in use and power [W], as of now."""
        m = self.machine
        return (
            self.active,
            len(self.waiting),
            self.active / m.slots,
            m.idle_w + self.active * m.slot_w,
        )

    @property
    def busy_s(self) -> float:
        """Time that slots were in use, all together [s]."""
        return self.busy_ticks * TICK_S

    def energy_j(self, up_s: float) -> float:
        """Energy over the time that the station was up [J]."""
        return up_s * self.machine.idle_w + self.busy_s * self.machine.slot_w
