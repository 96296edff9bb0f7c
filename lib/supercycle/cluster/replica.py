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
from typing import TYPE_CHECKING, Any

from supercycle.cluster.clock import MOVE, TICK_S, TICKS_PER_S, at
from supercycle.cluster.control import FairQueue, PriorityQueue
from supercycle.cluster.failures import speed_under_cap
from supercycle.cluster.memory import PrefixCache
from supercycle.cluster.steps import lines

if TYPE_CHECKING:
    from simpy.events import Event

    from supercycle.cluster.fleet import Pool, Replica
    from supercycle.cluster.simulate import World

__all__ = ["Server"]


class Server:
    """A replica's queue, batch and cache."""

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
        # caches that move
        self.cache = PrefixCache(machine) if world.calls.hash_ids else None
        self.held: dict[int, list[int]] = {}  # prefix blocks that a request shares
        self.carried: dict[int, int] = {}  # waiting with a cache of its own: tokens left to write
        self.swapped: set[int] = set()  # of those, whose cache is on the host
        self.loading: dict[int, int] = {}  # cache on its way from below: moment of arrival
        self.loaded: list[int] = []  # swapped caches that are back
        self.later: dict[int, int] = {}  # of those, prompt tokens left to read then
        self.sending: dict[int, tuple[int, int]] = {}  # to a decode pool: arrival, tokens left
        self.link_free = 0  # when the link to other pools is free again
        self.host_free = [0] * (1 + len(machine.tiers))  # the same of each link to lower tiers
        # the run under way
        self.asleep = True
        self.started = 0
        self.steps = 0
        self.first_ticks = 0  # time of its first step
        self.more_ticks = 0  # what each further step takes longer
        self.chunks: list[tuple[int, int]] = []  # (request, prompt tokens read)
        # power and life
        self.speed, self.cap_w = 1.0, math.inf
        self.caps: dict[str, float] = {}  # by whoever sets one
        self.new_cap_w = math.inf  # the lowest of them, heeded from the next step on
        self.decode_ticks = self.mixed_ticks = 0  # under the cap of now
        self.busy_ticks, self.busy_j = 0, 0.0  # under earlier ones
        self.on, self.off, self.down_ticks = int(self.env.now), -1, 0
        self.draining = False
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
                calls.start_s[call] = self.env.now * TICK_S
            if carried:
                self.free -= -(-length // block)
                if cache is not None:
                    cache.shrink(self.free)
                if call in self.swapped:
                    self.swapped.remove(call)
                    self.fetch(call, 0, self.host_ticks(length))
                else:
                    self.decode(call, self.carried.pop(call))
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

    # -- caches that are shared and caches that move ------------------------------------------

    def prefix(self, call: int, length: int) -> list[int]:
        """Whole prefix blocks of a prompt, short of its last token: that one must be computed."""
        size = self.machine.prefix_block_tokens
        whole = min(self.calls.prompt[call] // size, (length - 1) // size)
        return self.calls.hash_ids[call][:whole]

    def cached_tokens(self, call: int) -> int:
        """Tokens of a prompt that stand in this replica's memory now."""
        if self.cache is None or not self.calls.hash_ids[call]:
            return 0
        if self.batch and self.steps > 1:
            self.cache.shrink(self.free - self.pages_taken(self.steps_done()))
        here, _ = self.cache.match(self.prefix(call, self.calls.prompt[call]))
        return here * self.machine.prefix_block_tokens

    def begin(self, call: int, length: int, shared: list[int]) -> int:
        """Take pages for a prompt, look for its prefix here and below; tokens to read at once."""
        calls, cache, machine = self.calls, self.cache, self.machine
        assert cache is not None
        size = machine.prefix_block_tokens
        _, idle = cache.match(shared)
        cache.hold(shared)
        self.held[call] = list(shared)
        self.free -= -(-length // self.block) - (len(shared) - idle) * cache.pages
        cached = len(shared) * size
        if not calls.emitted.get(call):
            calls.cached[call] = cached
        left = length - cached
        if cache.tiers and calls.hash_ids[call]:
            below = cache.below(self.prefix(call, length)[len(shared) :])
            new = len(below) * size
            pairs = new * (cached + (new + 1) / 2)
            again_s = machine.steps.mixed_s(0, 0, new, pairs, cached) / self.speed if new else 0.0
            if sum(cache.block_s[tier] for tier in below) < again_s:
                if not calls.emitted.get(call):
                    calls.cached[call] += new
                    calls.reloaded[call] = new
                left -= new
                self.reading[call] = left
                for tier in sorted(set(below)):
                    seconds = below.count(tier) * cache.block_s[tier]
                    self.fetch(call, 1 + tier, round(seconds * TICKS_PER_S))
                cache.shrink(self.free)
                return 0
        self.reading[call] = left
        cache.shrink(self.free)
        return left

    def host_ticks(self, tokens: int) -> int:
        """Time to move a cache between accelerators and host."""
        machine = self.machine
        seconds = tokens * machine.kv_bytes_per_token / machine.host_bytes_per_s
        return round(seconds * TICKS_PER_S)

    def fetch(self, call: int, link: int, ticks: int) -> None:
        """Bring a cache up over a link, after what it carries already; the request waits for it."""
        now: int = self.env.now  # type: ignore[assignment]
        arrival = max(now, self.host_free[link]) + ticks
        self.host_free[link] = arrival
        arrival = max(arrival, self.loading.get(call, 0))
        self.loading[call] = arrival
        if call in self.reading:
            self.later[call] = self.reading.pop(call)
        event = at(self.env, arrival - now, MOVE)
        event.callbacks.append(lambda _: self.fetched(call, arrival))

    def fetched(self, call: int, arrival: int) -> None:
        """A cache has arrived, unless its request has been preempted meanwhile."""
        if self.loading.get(call) != arrival:
            return
        del self.loading[call]
        if call in self.later:
            self.reading[call] = self.later.pop(call)
        else:
            self.loaded.append(call)
        self.nudge()

    def send(self, call: int, left: int) -> None:
        """Hand a read prompt's cache to a decode pool; the pages are free when it is over there."""
        del self.running[call]
        calls, network = self.calls, self.world.fleet.network
        size = (
            calls.prompt[call] + calls.output[call] - 1 - left
        ) * self.machine.kv_bytes_per_token
        seconds = network.latency_s + size / network.bandwidth_bytes_per_s
        now: int = self.env.now  # type: ignore[assignment]
        arrival = max(now, self.link_free) + round(seconds * TICKS_PER_S)
        self.link_free = arrival
        self.sending[call] = (arrival, left)
        calls.transfer_s[call] += (arrival - now) * TICK_S
        event = at(self.env, arrival - now, MOVE)
        event.callbacks.append(lambda _: self.sent(call, arrival))

    def sent(self, call: int, arrival: int) -> None:
        """The cache is with the decode pool, unless this machine has failed meanwhile."""
        calls = self.calls
        moment, left = self.sending.get(call, (-1, 0))
        if moment != arrival:
            return
        del self.sending[call]
        self.give_back(call, calls.prompt[call] + calls.output[call] - 1 - left)
        self.load -= calls.prompt[call] + calls.output[call]
        self.world.hand_over(call, left)
        if self.waiting:
            self.nudge()
        if self.draining and not self.load:
            self.off = self.env.now  # type: ignore[assignment]

    def give_back(self, call: int, length: int) -> None:
        """Free the pages of a cache of some length, and let go of the prefix blocks it shares."""
        self.free += -(-length // self.block)
        if self.cache is not None:
            shared = self.held.pop(call, None)
            if shared:
                unheld = self.cache.release(shared)
                self.free -= (len(shared) - unheld) * self.cache.pages

    # -- preemption and failure ---------------------------------------------------------------

    def preempt(self) -> None:
        """Put the least urgent, youngest request back to the head of the queue."""
        call = next(reversed(self.running))
        if self.pool.queue != "fifo":
            priority = self.calls.priority
            for other in reversed(self.running):
                if priority[other] > priority[call]:
                    call = other
        swap = self.machine.preemption == "swap" and call in self.ends
        if swap:
            left = self.ends[call] - self.step
            length = self.calls.prompt[call] + self.calls.output[call] - 1 - left
        self.leave(call)
        if swap:  # pages are free at once; the copy keeps the link to the host busy
            self.carried[call] = left
            self.swapped.add(call)
            self.host_free[0] = max(int(self.env.now), self.host_free[0]) + self.host_ticks(length)
        self.calls.preemptions[call] += 1
        self.waiting.appendleft(call)

    def leave(self, call: int) -> None:
        """Take a request out of the batch and free its pages; what it has written is kept."""
        calls = self.calls
        del self.running[call]
        self.loading.pop(call, None)
        self.later.pop(call, None)
        self.reading.pop(call, None)
        if call in self.ends:
            left = self.ends.pop(call) - self.step
            length = calls.prompt[call] + calls.output[call] - 1 - left
            self.batch -= 1
            self.context -= length
            self.growth[(self.step - length) % self.block] -= 1
            calls.emitted[call] = calls.output[call] - left
        elif call in self.carried:  # on its way back from the host
            left = self.carried.pop(call)
            length = calls.prompt[call] + calls.output[call] - 1 - left
            calls.emitted[call] = calls.output[call] - left
            if call in self.loaded:
                self.loaded.remove(call)
        else:
            length = calls.prompt[call] + calls.emitted.get(call, 0)
        self.give_back(call, length)

    def fail(self) -> list[int]:
        """The machine breaks and forgets everything; the requests it had, in order."""
        calls = self.calls
        if self.steps:
            elapsed = int(self.env.now) - self.started
            mixed = bool(self.chunks)
            done = 0 if mixed else self.steps_done()
            lost = elapsed - self.ticks(done)
            self.steps, self.chunks = done, []
            if done:
                self.settle()
            if mixed:
                self.mixed_ticks += lost
            else:
                self.decode_ticks += lost
        had = [*self.running, *self.sending]
        for call in list(self.running):
            self.leave(call)
        for call, (_, left) in self.sending.items():
            calls.emitted[call] = calls.output[call] - left
            self.give_back(call, calls.prompt[call] + calls.output[call] - 1 - left)
        for call in self.waiting:
            had.append(call)
            if call in self.carried:  # its cache is lost, what it has written is not
                calls.emitted[call] = calls.output[call] - self.carried[call]
        for state in (self.waiting, self.sending, self.carried, self.swapped, self.finishing):
            state.clear()
        if self.cache is not None:
            self.cache.clear()
        self.load = 0
        late, self.turn = self.turn, self.env.event()
        self.turn.callbacks, late.callbacks = late.callbacks, []
        self.asleep, self.steps = True, 0
        return had

    def cap(self, source: str, cap_w: float) -> None:
        """Put a cap on the power of steps that begin from now on."""
        self.caps[source] = cap_w
        self.new_cap_w = min(self.caps.values())
        if self.steps > 1 and not self.asleep:
            self.cut()

    def throttle(self) -> None:
        """Work under another cap on power from the next step on."""
        self.book()
        self.cap_w = self.new_cap_w
        self.speed = 1.0
        if self.cap_w < self.machine.busy_w:
            self.speed = speed_under_cap(self.machine, self.cap_w)
        machine = self.machine
        self.constants, self.slopes = lines(
            machine.steps, machine.max_batch, TICKS_PER_S, self.speed
        )

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
        calls.finish_s[call] = self.env.now * TICK_S
        if self.pool.queue == "fair":
            self.waiting.charge(call, calls.output[call])
        if self.draining and not self.load:
            self.off = self.env.now  # type: ignore[assignment]
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
                calls.first_s[call] = self.env.now * TICK_S
            if self.cache is not None and calls.hash_ids[call]:
                shared = self.held[call]
                blocks = self.prefix(call, calls.prompt[call] + 1)
                shared += self.cache.add(blocks[len(shared) :])
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

    # -- looking on ---------------------------------------------------------------------------

    def capped_w(self, full_w: float) -> float:
        """Power of a step under the cap of now [W]."""
        return min(full_w, self.cap_w)

    def book(self) -> None:
        """Turn time in steps into energy at the power of now."""
        machine = self.machine
        self.busy_j += (
            self.decode_ticks * TICK_S * (self.capped_w(machine.decode_w) - machine.idle_w)
        )
        self.busy_j += (
            self.mixed_ticks * TICK_S * (self.capped_w(machine.prefill_w) - machine.idle_w)
        )
        self.busy_ticks += self.decode_ticks + self.mixed_ticks
        self.decode_ticks = self.mixed_ticks = 0

    def close(self, now: int) -> None:
        """The simulation ends: count the part of the run under way that is over."""
        if self.steps:
            if self.chunks:
                self.mixed_ticks += now - self.started
            else:
                self.decode_ticks += now - self.started
        self.book()

    def state(self) -> tuple[int, int, float, float]:
        """Requests running and waiting, share of the cache in use and power [W], as of now."""
        machine = self.machine
        working = bool(self.steps) and not self.asleep
        taken = self.pages_taken(self.steps_done()) if working and self.batch else 0
        used = 1 - (self.free - taken) / machine.pages
        if not working:
            power = machine.idle_w
        else:
            power = self.capped_w(machine.prefill_w if self.chunks else machine.decode_w)
        return len(self.running), len(self.waiting), used, power
