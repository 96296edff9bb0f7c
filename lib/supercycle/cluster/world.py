"""One simulation: requests arrive, are routed and leave; machines come and go; jobs run beside."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle.cluster.calls import HUMAN, Calls
from supercycle.cluster.clock import ACT, ROUTE, SAMPLE, TICKS_PER_S, at
from supercycle.cluster.control import Autoscale, TokenBuckets
from supercycle.cluster.failures import Failures, Throttle, speed_under_cap
from supercycle.cluster.fleet import Fleet, Pool, Replica
from supercycle.cluster.replica import Server
from supercycle.cluster.routing import Router
from supercycle.cluster.routing import router as named_router
from supercycle.cluster.station import StationServer
from supercycle.cluster.training import Job, JobRun

if TYPE_CHECKING:
    import pandas as pd
    from simpy.events import Event

__all__ = ["World"]

MOMENTS = 1000  # most rows a pool in the timeline, unless the caller sets their distance


class World:
    """Everything of one simulation: its clock, its machines, its requests and jobs."""

    def __init__(
        self,
        requests: pd.DataFrame,
        fleet: Fleet,
        router: str | Router,
        seed: int,
        exact: bool,
        jobs: Sequence[Job],
        sample_s: float | None,
    ) -> None:
        import simpy

        self.routes = [named_router(pool.router or router) for pool in fleet.pools]
        self.calls = Calls(requests, fleet)
        self.requests, self.fleet, self.seed, self.exact = requests, fleet, seed, exact
        self.env = simpy.Environment(initial_time=0)
        self.over = self.env.event()
        self.left = len(requests) + len(jobs)
        self.machines: list[Any] = []  # all that ever ran, by rank
        self.serving: list[list[Any]] = []  # by pool, those that take requests
        self.stranded: list[list[int]] = [[] for _ in fleet.pools]  # while a whole pool is down
        self.pool_caps = [math.inf] * len(fleet.pools)
        for index, pool in enumerate(fleet.pools):
            self.serving.append([])
            for _ in range(pool.count):
                self.start(index, pool)
        self.decode_pool = next((i for i, p in enumerate(fleet.pools) if p.role == "decode"), -1)
        self.missing: dict[int, int] = {}  # task → tasks before it that are not done
        self.tasks_left = {row: len(graph.tasks) for row, graph in self.calls.graphs.items()}
        self.buckets = TokenBuckets(fleet.rate_limit) if fleet.rate_limit else None
        self.inside, self.since, self.area = 0, 0, 0  # requests in the system, and their time
        self.sample_s = sample_s
        expected_s = (job.start_s + job.time_s(job.steps) for job in jobs)
        self.span_s = max(float(self.calls.arrival_s.max(initial=0.0)), 0.5, *expected_s)
        self.samples: list[tuple[Any, ...]] = []
        self.jobs = [JobRun(self, job, seed, i) for i, job in enumerate(jobs)]
        self.check_power()

    def run(self, until: float | None) -> float:
        """Let the time pass; when it stopped [s]."""
        env = self.env
        self.share_power()
        for job in self.jobs:
            env.process(job.live())
        env.process(self.arrive())
        env.process(self.sample())
        for index, pool in enumerate(self.fleet.pools):
            if pool.autoscale:
                env.process(self.scale(index, pool, pool.autoscale))
            if pool.throttles:
                env.process(self.throttle(index, pool.throttles))
        if until is not None:
            end = at(env, round(until * TICKS_PER_S), SAMPLE + 1)
            end.callbacks.append(lambda _: self.stop())
        if not self.left:
            self.stop()
        env.run(until=self.over)
        now = int(env.now)
        for machine in self.machines:
            machine.close(now)
        self.count(0)
        return now / TICKS_PER_S

    def stop(self) -> None:
        """Look no further."""
        if not self.over.triggered:
            self.over.succeed()

    # -- requests -----------------------------------------------------------------------------

    def arrive(self) -> Generator[Event, None, None]:
        """Requests arrive, one after the other."""
        env, calls, pool = self.env, self.calls, self.calls.pool
        graphs, buckets = calls.graphs, self.buckets
        for call, arrival_s in enumerate(calls.arrival_s.tolist()):
            yield at(env, round(arrival_s * TICKS_PER_S) - int(env.now), ROUTE)
            self.count(1)
            if buckets and not self.allowed(buckets, call, arrival_s):
                calls.limited.add(call)
                self.request_done()
            elif call in graphs:
                self.begin(call)
            else:
                self.route(call, pool[call])

    def allowed(self, buckets: TokenBuckets, call: int, arrival_s: float) -> bool:
        """Whether the rate limit lets a request in."""
        calls = self.calls
        first = calls.first.get(call)
        places = range(call, call + 1)
        if first is not None:
            places = range(first, first + len(calls.graphs[call].tasks))
        tokens = sum(calls.prompt[i] + calls.output[i] for i in places)
        return buckets.allow(calls.user[call], tokens, arrival_s, self.taken_share)

    def taken_share(self) -> float:
        """Share of all places in batches that are taken."""
        places = taken = 0
        for pool, machines in zip(self.fleet.pools, self.serving, strict=True):
            if isinstance(pool.machine, Replica):
                places += pool.machine.max_batch * len(machines)
                taken += sum(len(m.running) + len(m.waiting) for m in machines)
        return taken / places if places else 1.0

    def route(self, call: int, index: int) -> None:
        """Send a call to a machine of a pool."""
        machines = self.serving[index]
        if machines:
            self.routes[index](call, machines).submit(call)  # type: ignore[attr-defined]
        else:
            self.stranded[index].append(call)

    def hand_over(self, call: int, left: int) -> None:
        """A prompt's cache has reached the decode pool."""
        index = self.decode_pool
        if self.serving[index]:
            machine: Any = self.routes[index](call, self.serving[index])
            machine.carried[call] = left
            machine.submit(call)
        else:
            self.calls.emitted[call] = self.calls.output[call] - left
            self.stranded[index].append(call)

    def finished(self, call: int) -> None:
        """A call is done; a task of a graph lets those after it begin."""
        owner = self.calls.owner
        if call not in owner:
            self.request_done()
            return
        row = owner[call]
        graph, first = self.calls.graphs[row], self.calls.first[row]
        for place in graph.after[call - first]:
            self.missing[first + place] -= 1
            if not self.missing[first + place]:
                self.ready(first + place)
        self.tasks_left[row] -= 1
        if not self.tasks_left[row]:
            self.request_done()

    def request_done(self) -> None:
        """One request fewer in the system."""
        self.count(-1)
        self.left -= 1
        if not self.left:
            self.stop()

    def count(self, change: int) -> None:
        """Add up the time that requests spend in the system."""
        now: int = self.env.now  # type: ignore[assignment]
        self.area += self.inside * (now - self.since)
        self.since = now
        self.inside += change

    # -- task graphs --------------------------------------------------------------------------

    def begin(self, row: int) -> None:
        """A request with a graph arrives: the tasks that wait for none begin."""
        graph, first = self.calls.graphs[row], self.calls.first[row]
        for place, before in enumerate(graph.before):
            self.missing[first + place] = len(before)
        for place, before in enumerate(graph.before):
            if not before:
                self.ready(first + place)

    def ready(self, call: int) -> None:
        """A task's turn: at the next moment of routing, or with a person at once."""
        calls = self.calls
        calls.ready_s[call] = self.env.now / TICKS_PER_S
        if calls.pool[call] == HUMAN:
            calls.start_s[call] = self.env.now / TICKS_PER_S
            event = at(self.env, round(calls.service_s[call] * TICKS_PER_S), ROUTE)
            event.callbacks.append(lambda _: self.person_done(call))
        else:
            event = at(self.env, 0, ROUTE)
            event.callbacks.append(lambda _: self.route(call, calls.pool[call]))

    def person_done(self, call: int) -> None:
        """A person has finished."""
        self.calls.finish_s[call] = self.env.now / TICKS_PER_S
        self.finished(call)

    # -- machines -----------------------------------------------------------------------------

    def start(self, index: int, pool: Pool) -> None:
        """A machine begins to take requests."""
        rank = 2 + len(self.machines)
        name = f"{pool.name}/{sum(m.pool is pool for m in self.machines)}"
        kind = Server if isinstance(pool.machine, Replica) else StationServer
        machine = kind(self, pool, rank, name)
        self.machines.append(machine)
        self.join(index, machine)
        if pool.failures:
            self.env.process(self.wear(index, machine, pool.failures))

    def join(self, index: int, machine: Any) -> None:
        """A machine takes requests, those first that found the pool empty."""
        serving = self.serving[index]
        serving.append(machine)
        serving.sort(key=lambda m: m.rank)
        stranded, self.stranded[index] = self.stranded[index], []
        for call in stranded:
            self.route(call, index)

    def wear(self, index: int, machine: Any, failures: Failures) -> Generator[Event, None, None]:
        """A machine works, breaks, and is repaired."""
        rng = np.random.default_rng([self.seed, 0, machine.rank])
        repair = round(failures.repair_s * TICKS_PER_S)
        while True:
            up = max(1, round(rng.exponential(failures.mtbf_s) * TICKS_PER_S))
            yield at(self.env, up, ACT)
            if machine.off >= 0:
                return
            calls = machine.fail()
            if machine in self.serving[index]:
                self.serving[index].remove(machine)
            for call in calls:
                self.calls.restarts[call] += 1
                self.route(call, index)
            if machine.draining:
                machine.off = int(self.env.now)
                return
            down = int(self.env.now)
            yield at(self.env, repair, ACT)
            machine.down_ticks += int(self.env.now) - down
            self.join(index, machine)

    def scale(self, index: int, pool: Pool, rule: Autoscale) -> Generator[Event, None, None]:
        """Order machines when there is much to do, let them go when there is little."""
        ordered = 0

        def delivered(on: int) -> None:
            nonlocal ordered
            ordered -= 1
            self.start(index, pool)
            self.machines[-1].on = on
            if isinstance(pool.machine, Replica):
                self.machines[-1].cap("pool", self.pool_caps[index])
                self.share_power()

        while True:
            yield at(self.env, round(rule.every_s * TICKS_PER_S), ACT)
            serving = self.serving[index]
            staying = [m for m in self.machines if m.pool is pool and m.off < 0 and not m.draining]
            waiting = len(self.stranded[index])
            wanted = rule.wanted(sum(m.load for m in staying) + waiting)
            have = len(staying) + ordered
            for _ in range(have, wanted):
                ordered += 1
                event = at(self.env, round(rule.start_up_s * TICKS_PER_S), ACT)
                event.callbacks.append(lambda _, on=int(self.env.now): delivered(on))  # type: ignore[misc]
            if wanted < have and not ordered and len(serving) > 1:
                leaver = min(reversed(serving), key=lambda m: m.load)
                serving.remove(leaver)
                leaver.draining = True
                if not leaver.load:
                    leaver.off = int(self.env.now)

    # -- power --------------------------------------------------------------------------------

    def check_power(self) -> None:
        """Refuse a cap that would leave replicas no more than their idle power."""
        cap_w = self.fleet.power_cap_w - sum(run.job.peak_w for run in self.jobs)
        if math.isfinite(cap_w):
            replicas = [
                (pool.machine, pool.autoscale.most if pool.autoscale else pool.count)
                for pool in self.fleet.pools
                if isinstance(pool.machine, Replica)
            ]
            full_w = sum(most * replica.busy_w for replica, most in replicas)
            for replica, _ in replicas:
                speed_under_cap(replica, cap_w * replica.busy_w / full_w if full_w else 0.0)

    def share_power(self) -> None:
        """Give each replica its part of the power that jobs leave, in proportion to its own."""
        cap_w = self.fleet.power_cap_w - sum(run.power_w for run in self.jobs)
        if math.isfinite(cap_w):
            replicas = [m for m in self.machines if isinstance(m, Server) and m.off < 0]
            full_w = sum(m.machine.busy_w for m in replicas)
            for machine in replicas:
                machine.cap("site", cap_w * machine.machine.busy_w / full_w)

    def throttle(self, index: int, caps: Sequence[Throttle]) -> Generator[Event, None, None]:
        """Cap the machines of a pool for a while, and again."""
        for cap in caps:
            yield at(self.env, round(cap.start_s * TICKS_PER_S) - int(self.env.now), ACT)
            self.cap_pool(index, cap.cap_w)
            yield at(self.env, round(cap.end_s * TICKS_PER_S) - int(self.env.now), ACT)
            self.cap_pool(index, math.inf)

    def cap_pool(self, index: int, cap_w: float) -> None:
        """Cap every machine of a pool, and those to come."""
        self.pool_caps[index] = cap_w
        for machine in self.machines:
            if machine.pool is self.fleet.pools[index]:
                machine.cap("pool", cap_w)

    def job_done(self) -> None:
        """A training job has made its steps."""
        self.left -= 1
        if not self.left:
            self.stop()

    # -- looking on ---------------------------------------------------------------------------

    def sample(self) -> Generator[Event, None, None]:
        """Look at every pool at even times; unless a step is set, never at too many of them."""
        ticks = round((self.sample_s or 2 * self.span_s / MOMENTS) * TICKS_PER_S)
        moment = 0
        while True:
            self.look(moment * ticks / TICKS_PER_S)
            moment += 1
            if moment == MOMENTS and self.sample_s is None:  # every other look will do
                pools = len(self.serving)
                self.samples = [row for i, row in enumerate(self.samples) if i // pools % 2 == 0]
                ticks, moment = 2 * ticks, MOMENTS // 2
            yield at(self.env, moment * ticks - int(self.env.now), SAMPLE)

    def look(self, time_s: float) -> None:
        """A row for each pool."""
        for pool, machines in zip(self.fleet.pools, self.serving, strict=True):
            leaving = [m for m in self.machines if m.pool is pool and m.draining and m.off < 0]
            states = [machine.state() for machine in [*machines, *leaving]]
            totals = [sum(column) for column in zip(*states, strict=True)] or [0, 0, 0.0, 0.0]
            running, waiting, used, power = totals
            share = used / len(states) if states else math.nan
            self.samples.append((time_s, pool.name, len(states), running, waiting, share, power))
