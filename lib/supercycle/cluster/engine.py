"""The engine of a replica: continuous batching in steps, many of them at once.

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
from typing import TYPE_CHECKING, Any

from supercycle.cluster.clock import BEGIN, TICKS_PER_S, at
from supercycle.cluster.control import FairQueue, PriorityQueue
from supercycle.cluster.memory import PrefixCache
from supercycle.cluster.steps import lines

if TYPE_CHECKING:
    from simpy.events import Event

    from supercycle.cluster.fleet import Pool, Replica
    from supercycle.cluster.world import World

__all__ = ["Engine"]


class Engine:
    """A queue, a batch and its pages; `Server` adds what happens to caches and machines."""

    def __init__(self, world: World, pool: Pool, rank: int, name: str) -> None:
        machine: Replica = pool.machine  # type: ignore[assignment]
        self.world, self.calls, self.env = world, world.calls, world.env
        self.machine, self.pool, self.rank, self.name = machine, pool, rank, name
        self.constants, self.slopes = lines(machine.steps, machine.max_batch, TICKS_PER_S)
        self.max_batch, self.block = machine.max_batch, machine.block_tokens
        self.watermark = math.ceil(machine.watermark_share * machine.pages)
        self.waiting: Any = deque()
        if pool.queue == "priority":
            self.waiting = PriorityQueue(world.calls.priority)
        elif pool.queue == "fair":
            self.waiting = FairQueue(world.calls.priority, world.calls.user)
        self.running: dict[int, None] = {}  # in the order of admission
        self.reading: dict[int, int] = {}  # prompt tokens left to read
        self.ends: dict[int, int] = {}  # step after which a decoding request is done
        self.finishing: list[tuple[int, int]] = []  # (step, request), a heap with stale entries
        self.batch = 0  # requests that decode
        self.context = 0  # tokens in their caches
        self.step = 0  # steps made
        self.growth = [0] * self.block  # requests that take a page at step ≡ index (mod block)
        self.free = machine.pages
        self.load = 0  # tokens of unfinished requests
        self.cache = PrefixCache(machine) if world.calls.hash_ids else None
        self.carried: dict[int, int] = {}  # waiting with a cache of its own: tokens left to write
        self.loaded: list[int] = []  # requests whose cache is back from the host
        # the run under way
        self.asleep = True
        self.started = 0
        self.steps = 0
        self.first_ticks = 0  # time of its first step
        self.more_ticks = 0  # what each further step takes longer
        self.chunks: list[tuple[int, int]] = []  # (request, prompt tokens read)
        # power
        self.speed, self.cap_w = 1.0, math.inf
        self.new_cap_w = math.inf  # heeded from the next step on
        self.decode_ticks = self.mixed_ticks = 0  # time in steps under the cap of now
        self.turn = self.env.event()
        self.env.process(self.work())

    # -- the process --------------------------------------------------------------------------

    def work(self) -> Generator[Event, None, None]:
        """Plan a run, sleep to its end, settle it; with nothing to do, sleep until woken."""
        while True:
            if self.new_cap_w != self.cap_w:
                self.throttle()
            ticks = self.plan()
            if ticks:
                self.asleep = False
                self.started = self.env.now  # type: ignore[assignment]
                self.turn = at(self.env, ticks, self.rank)
            else:
                self.asleep = True
                self.turn = self.env.event()
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
        elif self.steps > 1 and len(self.running) < self.max_batch and self.waiting[0] == call:
            self.cut()

    def wake(self) -> None:
        """End the sleep, once all requests of this moment are here."""
        self.asleep = False
        self.steps = 0
        turn = self.turn
        turn._ok, turn._value = True, None
        self.env.schedule(turn, BEGIN + self.rank)  # type: ignore[arg-type]

    def cut(self) -> None:
        """End the run with the step under way."""
        steps = self.steps_done() + 1
        if steps < self.steps:
            self.steps = steps
            late = self.turn
            left = self.started + self.ticks(steps) - self.env.now
            self.turn = at(self.env, left, self.rank)  # type: ignore[arg-type]
            self.turn.callbacks, late.callbacks = late.callbacks, []

    def nudge(self) -> None:
        """Something changed that the next plan should see soon."""
        if self.asleep:
            self.wake()
        elif self.steps > 1:
            self.cut()

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
        if self.loaded:
            for call in self.loaded:
                self.decode(call, self.carried.pop(call))
            self.loaded.clear()
        growth, place = self.growth, self.step % self.block
        short = growth[place] > self.free
        if short:
            while growth[place] > self.free:
                self.preempt()
        elif self.waiting:
            self.admit(place)
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
        if short or self.world.exact:  # after a preemption the queue may move in the next step
            steps = 1
        else:
            steps = finishing[0][0] - self.step
            if (steps // self.block + 1) * batch > self.free:
                steps = min(steps, self.steps_that_fit())
        self.steps = steps
        return self.ticks(steps)

    def steps_that_fit(self) -> int:
        """Steps until the batch needs more pages than are free; at least one fits."""
        cycles, left = divmod(self.free, self.batch)
        steps, place = cycles * self.block, self.step
        while (left := left - self.growth[place % self.block]) >= 0:
            place += 1
            steps += 1
        return steps

    def admit(self, place: int) -> None:
        """Let waiting requests into the batch while places, tokens and pages last."""
        waiting, running, calls = self.waiting, self.running, self.calls
        growth, block, cache = self.growth, self.block, self.cache
        budget = self.machine.token_budget - self.batch
        if self.reading:
            budget -= sum(self.reading.values())
        while waiting and budget > 0 and len(running) < self.max_batch:
            call = waiting[0]
            spare = self.free - growth[place] - (self.watermark if running else 0)
            carried = call in self.carried
            if carried:
                length = calls.prompt[call] + calls.output[call] - 1 - self.carried[call]
                # it decodes at once, and may need a page in its first step
                pages = length // block + 1
            else:
                length = calls.prompt[call] + calls.emitted.get(call, 0)
                pages = -(-length // block)
            shared: list[int] = []
            if cache is not None and not carried and calls.hash_ids[call]:
                blocks = self.prefix(call, length)
                here, idle = cache.match(blocks)
                if pages - (here - idle) * cache.pages > spare:
                    break
                shared = blocks[:here]
            elif pages > spare:
                break
            waiting.popleft()
            running[call] = None
            if calls.start_s[call] != calls.start_s[call]:
                calls.start_s[call] = self.env.now / TICKS_PER_S
            if carried:
                self.bring_back(call, length)
            elif cache is None:
                self.free -= pages
                self.reading[call] = length
                budget -= length
            else:
                budget -= self.begin(call, length, shared)
            if self.pool.queue == "fair" and not calls.emitted.get(call):
                waiting.charge(call, calls.prompt[call])

    def plan_mixed(self) -> int:
        """One step that decodes the batch and reads as much of the prompts as the budget allows."""
        calls = self.calls
        budget = self.machine.token_budget - self.batch
        new = past = 0
        pairs = 0.0
        chunks = []
        for call, left in self.reading.items():
            take = left if left < budget else budget
            if not take:
                break
            before = calls.prompt[call] + calls.emitted.get(call, 0) - left
            chunks.append((call, take))
            new += take
            past += before
            pairs += take * (before + (take + 1) / 2)
            budget -= take
        self.chunks = chunks
        self.steps, self.more_ticks = 1, 0
        context = self.context + self.batch
        seconds = self.machine.steps.mixed_s(self.batch, context, new, pairs, past) / self.speed
        self.first_ticks = max(1, round(seconds * TICKS_PER_S))
        return self.first_ticks

    # -- settling -----------------------------------------------------------------------------

    def pages_taken(self, steps: int) -> int:
        """Pages that the batch takes in the first steps of the run under way."""
        cycles, rest = divmod(steps, self.block)
        growth, block = self.growth, self.block
        taken = cycles * self.batch
        for place in range(self.step, self.step + rest):
            taken += growth[place % block]
        return taken

    def settle(self) -> None:
        """Book what the run has done: tokens written, pages taken, requests finished."""
        steps, chunks = self.steps, self.chunks
        if self.batch:
            self.free -= self.pages_taken(steps)
            self.context += self.batch * steps
            if self.cache is not None:
                self.cache.shrink(self.free)
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
        calls = self.calls
        length = calls.prompt[call] + calls.output[call] - 1
        del self.running[call]
        del self.ends[call]
        self.batch -= 1
        self.context -= length
        self.growth[(end - length) % self.block] -= 1
        self.give_back(call, length)
        self.done(call)

    def done(self, call: int) -> None:
        """Report the end of a request."""
        calls = self.calls
        self.load -= calls.prompt[call] + calls.output[call]
        calls.finish_s[call] = self.env.now / TICKS_PER_S
        if self.pool.queue == "fair":
            self.waiting.charge(call, calls.output[call])
        if not self.load:
            self.released()
        self.world.finished(call)

    def read(self, chunks: list[tuple[int, int]]) -> None:
        """Prompts that are read to the end write a token and decode from now on."""
        calls, reading = self.calls, self.reading
        for call, take in chunks:
            if reading[call] > take:
                reading[call] -= take
                continue
            del reading[call]
            emitted = calls.emitted.pop(call, 0) + 1
            if emitted == 1:
                calls.first_s[call] = self.env.now / TICKS_PER_S
            if self.cache is not None and calls.hash_ids[call]:
                self.keep(call)
            left = calls.output[call] - emitted
            if not left:
                del self.running[call]
                self.give_back(call, calls.prompt[call] + emitted - 1)
                self.done(call)
            elif self.pool.role == "prefill":
                self.send(call, left)
            else:
                self.decode(call, left)

    def decode(self, call: int, left: int) -> None:
        """A request joins those that decode, with some tokens left to write."""
        calls = self.calls
        length = calls.prompt[call] + calls.output[call] - 1 - left
        end = self.step + left
        self.ends[call] = end
        heappush(self.finishing, (end, call))
        self.batch += 1
        self.context += length
        self.growth[(self.step - length) % self.block] += 1

    # -- what a replica adds ------------------------------------------------------------------

    def begin(self, call: int, length: int, shared: list[int]) -> int:
        """Take pages for a prompt whose prefix may be cached; tokens to read at once."""
        raise NotImplementedError

    def bring_back(self, call: int, length: int) -> None:
        """Start to decode with a cache that came with the request, or fetch it from the host."""
        raise NotImplementedError

    def prefix(self, call: int, length: int) -> list[int]:
        """Prefix blocks that a prompt can share."""
        raise NotImplementedError

    def keep(self, call: int) -> None:
        """Remember the prefix of a prompt that has been read."""
        raise NotImplementedError

    def send(self, call: int, left: int) -> None:
        """Hand a read prompt's cache to a decode pool."""
        raise NotImplementedError

    def preempt(self) -> None:
        """Take a request out of the batch."""
        raise NotImplementedError

    def give_back(self, call: int, length: int) -> None:
        """Free the pages of a cache of some length."""
        raise NotImplementedError

    def released(self) -> None:
        """The last request of a machine that is being let go has left."""
        raise NotImplementedError

    def throttle(self) -> None:
        """Work under another cap on power from now on."""
        raise NotImplementedError
