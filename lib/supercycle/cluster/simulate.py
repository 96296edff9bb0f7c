"""Requests through a fleet, event by event (SimPy)."""

from __future__ import annotations

import math
from array import array
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle.cluster.fleet import Fleet, Replica, Station
from supercycle.cluster.results import Result

if TYPE_CHECKING:
    import pandas as pd
    from simpy import Environment
    from simpy.events import Event

    from supercycle.cluster.replica import Server, StationServer

__all__ = ["simulate"]

COLUMNS = (
    "arrival_s",
    "input_tokens",
    "output_tokens",
    "session",
    "hash_ids",
    "priority",
    "pool",
    "service_s",
    "graph",
)
# At one moment: replicas settle first, in their order; then the world acts; then requests move.
ROUTE = 1_000_000
SAMPLE = 2_000_000


def simulate(
    requests: pd.DataFrame,
    fleet: Fleet,
    *,
    router: str = "least_tokens",
    seed: int = 0,
    until: float | None = None,
    exact: bool = False,
    sample_s: float | None = None,
) -> Result:
    """Serve requests with a fleet and report what happened to each.

    Parameters
    ----------
    requests : pandas.DataFrame
        One row a request, in the order of ``arrival_s`` [s]. Calls of a model have
        ``input_tokens`` and ``output_tokens``, jobs of a station ``service_s``. Optional columns:
        ``session`` (whose request it is), ``hash_ids`` (a list with one id for each block of the
        prompt), ``priority`` (lower is more urgent) and ``pool`` (name).
    fleet : Fleet
    router : str
        See `supercycle.cluster.routing`.
    seed : int
        Of everything random (failures).
    until : float, optional
        When to stop looking [s]; requests unfinished by then are ``unfinished``.
    exact : bool
        Walk through every step, one by one: slow, and the same numbers.
    sample_s : float, optional
        Time between rows of the timeline [s]; left out, a 500th of the time of arrivals.

    Returns
    -------
    Result

    Raises
    ------
    ValueError
        For requests that are unsorted, not finite, negative or larger than the cache of the pool
        they go to, and for an unknown router or pool; nothing is simulated.

    Examples
    --------
    >>> import pandas as pd
    >>> from supercycle.cluster import Fleet, Replica, StepTime
    >>> requests = pd.DataFrame({"arrival_s": [0.0], "input_tokens": [100], "output_tokens": [11]})
    >>> fleet = Fleet.of(Replica(StepTime(base_s=0.01, prefill_s=1e-3), kv_tokens=1000))
    >>> result = simulate(requests, fleet)
    >>> result.requests[["ttft_s", "tpot_s", "e2e_s"]].round(6).values.tolist()
    [[0.11, 0.01, 0.21]]
    """
    world = World(requests, fleet, router=router, exact=exact, sample_s=sample_s)
    return world.run(until)


class Calls:
    """Columns of the calls that requests make, and of what becomes of them."""

    def __init__(self, requests: pd.DataFrame, fleet: Fleet) -> None:
        n = len(requests)
        self.arrival_s = _numbers(requests, "arrival_s")
        if n and (np.diff(self.arrival_s) < 0).any():
            row = int(np.argmax(np.diff(self.arrival_s) < 0)) + 1
            raise ValueError(
                f"arrival_s = {self.arrival_s[row]} in row {row} comes after "
                f"{self.arrival_s[row - 1]}: must be sorted"
            )
        names = [pool.name for pool in fleet.pools]
        entry = next(i for i, pool in enumerate(fleet.pools) if pool.role != "decode")
        if "pool" in requests:
            for row, name in enumerate(requests["pool"]):
                if name not in names:
                    raise ValueError(
                        f"pool = {name!r} in row {row}: must be one of {', '.join(names)}"
                    )
            self.pool = [names.index(name) for name in requests["pool"]]
        else:
            self.pool = [entry] * n
        stations = np.array([isinstance(p.machine, Station) for p in fleet.pools])
        served = stations[np.array(self.pool, dtype=int)] if n else np.zeros(0, dtype=bool)
        self.service_s = self._of("service_s", requests, served, least=0.0).tolist()
        prompt = self._of("input_tokens", requests, ~served, least=1, whole=True)
        output = self._of("output_tokens", requests, ~served, least=1, whole=True)
        for i, pool in enumerate(fleet.pools):
            if isinstance(pool.machine, Replica):
                mine = (np.array(self.pool, dtype=int) == i) & ~served
                most = np.where(mine, prompt + output - 1, 0)
                room = pool.machine.pages * pool.machine.block_tokens
                if n and most.max() > room:
                    row = int(most.argmax())
                    raise ValueError(
                        f"input_tokens = {prompt[row]:.0f} and output_tokens = {output[row]:.0f} in "
                        f"row {row}: must fit the {room} tokens of cache of pool {pool.name!r}"
                    )
        self.prompt = prompt.astype(int).tolist()
        self.output = output.astype(int).tolist()
        nothing = array("d", [math.nan]) * n
        self.start_s, self.first_s, self.finish_s = nothing[:], nothing[:], nothing[:]
        self.replica = array("i", [-1]) * n
        self.preemptions = array("i", [0]) * n
        self.cached = array("q", [0]) * n

    @staticmethod
    def _of(
        name: str, requests: pd.DataFrame, wanted: np.ndarray, *, least: float, whole: bool = False
    ) -> np.ndarray:
        """A column where it is wanted, zero elsewhere."""
        if not wanted.any():
            return np.zeros(len(requests))
        numbers = np.where(wanted, _numbers(requests, name, only=wanted), least)
        wrong = (numbers < least) | (whole & (numbers != np.floor(numbers)))
        if wrong.any():
            row = int(wrong.argmax())
            kind = "a whole number" if whole else "a number"
            raise ValueError(f"{name} = {numbers[row]:g} in row {row}: must be {kind} ≥ {least:g}")
        return np.where(wanted, numbers, 0)


def _numbers(requests: pd.DataFrame, name: str, only: np.ndarray | None = None) -> np.ndarray:
    if name not in requests:
        raise ValueError(
            f"requests have no column {name!r}: they have {', '.join(map(str, requests))}"
        )
    try:
        numbers = requests[name].to_numpy(dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: must be a column of numbers") from None
    wrong = ~np.isfinite(numbers) | (numbers < 0)
    if only is not None:
        wrong &= only
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(f"{name} = {numbers[row]} in row {row}: must be a finite number ≥ 0")
    return numbers


class World:
    """Everything of one simulation: its clock, its machines and its requests."""

    def __init__(
        self,
        requests: pd.DataFrame,
        fleet: Fleet,
        *,
        router: str,
        exact: bool,
        sample_s: float | None,
    ) -> None:
        import simpy

        from supercycle.cluster import replica, routing

        self.requests, self.fleet = requests, fleet
        routes = [routing.router(pool.router or router) for pool in fleet.pools]
        self.calls = Calls(requests, fleet)
        self.left = len(requests)
        self.env: Environment = simpy.Environment(initial_time=0)
        self.over: Event = self.env.event()
        self.servers: list[Any] = []
        self.pools: list[list[Any]] = []
        self.routes = routes
        for pool in fleet.pools:
            members: list[Server | StationServer] = []
            kind = replica.Server if isinstance(pool.machine, Replica) else replica.StationServer
            for k in range(pool.count):
                rank = 2 + len(self.servers)
                server = kind(self, pool.machine, rank, f"{pool.name}/{k}", exact)  # type: ignore[arg-type]
                members.append(server)
                self.servers.append(server)
            self.pools.append(members)
        arrivals = self.calls.arrival_s
        span = float(arrivals[-1]) if len(arrivals) else 0.0
        self.sample_s = sample_s or max(span / 500, 1e-3)
        self.samples: list[tuple[Any, ...]] = []

    def run(self, until: float | None) -> Result:
        """Let the time pass."""
        from supercycle.cluster.replica import TICK_S, TICKS_PER_S

        self.env.process(self.arrive())
        self.env.process(self.sample())
        if not self.left:
            self.over.succeed()
        if until is not None:
            from supercycle.cluster.replica import at

            stop = at(self.env, round(until * TICKS_PER_S), SAMPLE + 1)
            stop.callbacks.append(lambda _: self.stop())
        self.env.run(until=self.over)
        end_s = self.env.now * TICK_S if until is None else until
        return Result.of(self, end_s)

    def stop(self) -> None:
        """Look no further."""
        if not self.over.triggered:
            self.over.succeed()

    def arrive(self) -> Generator[Event, None, None]:
        """Requests arrive and are routed."""
        from supercycle.cluster.replica import TICKS_PER_S, at

        env, calls, pools, routes = self.env, self.calls, self.pools, self.routes
        pool_of = calls.pool
        for call, arrival_s in enumerate(calls.arrival_s.tolist()):
            yield at(env, round(arrival_s * TICKS_PER_S) - int(env.now), ROUTE)
            servers = pools[pool_of[call]]
            routes[pool_of[call]](call, servers).submit(call)

    def sample(self) -> Generator[Event, None, None]:
        """Look at every pool at even times."""
        from supercycle.cluster.replica import TICKS_PER_S, at

        step = round(self.sample_s * TICKS_PER_S)
        while True:
            moment = self.env.now / TICKS_PER_S
            for pool, servers in zip(self.fleet.pools, self.pools, strict=True):
                states = [server.state() for server in servers]
                running, waiting, used, power = map(sum, zip(*states, strict=True))
                self.samples.append(
                    (moment, pool.name, len(servers), running, waiting, used / len(servers), power)
                )
            yield at(self.env, step, SAMPLE)

    def finished(self, call: int) -> None:
        """A call is done."""
        self.left -= 1
        if not self.left:
            self.stop()
