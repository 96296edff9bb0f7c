"""A replica: an engine with caches that move, power that is capped, and a life of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supercycle.cluster.clock import MOVE, TICKS_PER_S, at
from supercycle.cluster.engine import Engine
from supercycle.cluster.failures import speed_under_cap
from supercycle.cluster.steps import lines

if TYPE_CHECKING:
    from supercycle.cluster.fleet import Pool
    from supercycle.cluster.world import World

__all__ = ["Server"]


class Server(Engine):
    """A replica that shares, swaps and sends caches, slows down under a cap, and may fail."""

    def __init__(self, world: World, pool: Pool, rank: int, name: str) -> None:
        super().__init__(world, pool, rank, name)
        self.held: dict[int, list[int]] = {}  # prefix blocks that a request shares
        self.swapped: set[int] = set()  # waiting with a cache that is on the host
        self.loading: dict[int, int] = {}  # cache on its way from below: moment of arrival
        self.later: dict[int, int] = {}  # of those, prompt tokens left to read then
        self.sending: dict[int, tuple[int, int]] = {}  # to a decode pool: arrival, tokens left
        self.link_free = 0  # when the link to other pools is free again
        self.host_free = [0] * (1 + len(self.machine.tiers))  # the same of each link to lower tiers
        self.caps: dict[str, float] = {}  # on power, by whoever sets one
        self.busy_ticks, self.busy_j = 0, 0.0  # under earlier ones
        self.on, self.off, self.down_ticks = int(self.env.now), -1, 0
        self.draining = False

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
            saved_s = self.reading_s(left, cached) - self.reading_s(left - new, cached + new)
            if sum(cache.block_s[tier] for tier in below) < saved_s:
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

    def reading_s(self, tokens: int, before: int) -> float:
        """Time to read a prompt's tokens after some that are cached, alone and in one step."""
        pairs = tokens * (before + (tokens + 1) / 2)
        return self.machine.steps.mixed_s(0, 0, tokens, pairs, before) / self.speed

    def bring_back(self, call: int, length: int) -> None:
        """Start to decode with a cache that came with the request, or fetch it from the host."""
        self.free -= -(-length // self.block)
        if self.cache is not None:
            self.cache.shrink(self.free)
        if call in self.swapped:
            self.swapped.remove(call)
            self.fetch(call, 0, self.host_ticks(length))
        else:
            self.decode(call, self.carried.pop(call))

    def keep(self, call: int) -> None:
        """Remember the prefix of a prompt that has been read."""
        assert self.cache is not None
        shared = self.held[call]
        blocks = self.prefix(call, self.calls.prompt[call] + 1)
        shared += self.cache.add(blocks[len(shared) :])

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
        calls.transfer_s[call] += (arrival - now) / TICKS_PER_S
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
        if not self.load:
            self.released()

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

    def released(self) -> None:
        """A machine that is being let go is off when it has nothing left to do."""
        if self.draining:
            self.off = int(self.env.now)

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

    # -- looking on ---------------------------------------------------------------------------

    def capped_w(self, full_w: float) -> float:
        """Power of a step under the cap of now [W]."""
        return min(full_w, self.cap_w)

    def book(self) -> None:
        """Turn time in steps into energy at the power of now."""
        machine = self.machine
        self.busy_j += (
            self.decode_ticks / TICKS_PER_S * (self.capped_w(machine.decode_w) - machine.idle_w)
        )
        self.busy_j += (
            self.mixed_ticks / TICKS_PER_S * (self.capped_w(machine.prefill_w) - machine.idle_w)
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
