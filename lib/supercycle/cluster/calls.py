"""Requests as columns: one entry for each call of a model, job of a station, or person's task."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle.cluster.agents import Human, ModelCall, TaskGraph, ToolCall
from supercycle.cluster.fleet import Fleet, Station

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Calls"]

HUMAN = -1  # the pool of people


class Calls:
    """What calls ask for, and what becomes of them.

    A plain request is the call of its own row. A request with a graph keeps its row, unused, and
    has a call for each task further down.
    """

    def __init__(self, requests: pd.DataFrame, fleet: Fleet) -> None:
        n = self.requests = len(requests)
        self.arrival_s = _column(requests, "arrival_s", np.full(n, True))
        if (backwards := np.diff(self.arrival_s) < 0).any():
            row = int(backwards.argmax()) + 1
            raise ValueError(
                f"arrival_s = {self.arrival_s[row]:g} in row {row} comes after "
                f"{self.arrival_s[row - 1]:g}: must be sorted"
            )
        names = {pool.name: i for i, pool in enumerate(fleet.pools)}
        self.graphs: dict[int, TaskGraph] = _graphs(requests)
        plain = np.full(n, True)
        plain[list(self.graphs)] = False

        pool = np.full(n, fleet.entry)
        if "pool" in requests:
            for row, name in enumerate(requests["pool"]):
                if plain[row]:
                    pool[row] = _pool(names, name, f"in row {row}")
        stations = np.array([isinstance(p.machine, Station) for p in fleet.pools])
        jobs = plain & stations[pool]
        model = plain & ~jobs
        prompt = _column(requests, "input_tokens", model, least=1)
        output = _column(requests, "output_tokens", model, least=1)
        for i, each in enumerate(fleet.pools):
            if not isinstance(each.machine, Station):
                mine = model & (pool == i)
                _fits(prompt, output, mine, each)
                for other in fleet.pools:
                    if each.role == "prefill" and other.role == "decode":
                        _fits(prompt, output, mine, other)
        self.pool: list[int] = pool.tolist()
        self.prompt: list[int] = prompt.astype(np.int64).tolist()
        self.output: list[int] = output.astype(np.int64).tolist()
        self.service_s: list[float] = _column(requests, "service_s", jobs).tolist()
        if "priority" in requests:
            self.priority = _column(
                requests, "priority", np.full(n, True), least=-math.inf
            ).tolist()
        else:
            self.priority = [0.0] * n
        self.user: list[Any] = [0] * n
        if "session" in requests:
            self.user = requests["session"].tolist()
            if (missing := requests["session"].isna()).any():
                row = int(missing.to_numpy().argmax())
                raise ValueError(f"session = {self.user[row]!r} in row {row}: must name a user")
        self.hash_ids: list[list[int]] = []  # empty when no prompt has any
        if "hash_ids" in requests:
            self.hash_ids = [_blocks(ids, row) for row, ids in enumerate(requests["hash_ids"])]
        self.first: dict[int, int] = {}  # request with a graph → its first call
        self.owner: dict[int, int] = {}  # call of a task → request
        for row, graph in self.graphs.items():
            self._add(row, graph, names, fleet)

        n = len(self.prompt)
        nothing = array("d", [math.nan]) * n
        self.start_s, self.first_s, self.finish_s = nothing[:], nothing[:], nothing[:]
        self.ready_s = nothing[:] if self.graphs else nothing[:0]
        self.transfer_s = array("d", [0.0]) * n
        self.replica = array("i", [-1]) * n
        self.preemptions = array("i", [0]) * n
        self.restarts = array("i", [0]) * n
        self.cached, self.reloaded = array("q", [0]) * n, array("q", [0]) * n
        self.limited: set[int] = set()
        self.emitted: dict[int, int] = {}  # tokens written before a preemption or a failure

    def _add(self, row: int, graph: TaskGraph, names: dict[str, int], fleet: Fleet) -> None:
        """Append a call for each task of a graph."""
        self.first[row] = len(self.prompt)
        for task in graph.tasks:
            work = graph.work[task]
            where = f"of task {task!r} in row {row}"
            prompt = output = 0
            seconds, ids = 0.0, list[int]()
            if isinstance(work, Human):
                pool, seconds = HUMAN, work.time_s
            else:
                pool = fleet.entry if work.pool is None else _pool(names, work.pool, where)
                if isinstance(fleet.pools[pool].machine, Station) != isinstance(work, ToolCall):
                    raise ValueError(
                        f"pool = {fleet.pools[pool].name!r} {where}: tools run on stations, "
                        "model calls on replicas"
                    )
                if isinstance(work, ModelCall):
                    prompt, output = int(work.input_tokens), int(work.output_tokens)
                    ids = _blocks(work.hash_ids, row)
                    for each in fleet.pools:
                        if each.role == "decode" or each is fleet.pools[pool]:
                            _fits(np.array([prompt]), np.array([output]), np.array([True]), each)
                else:
                    seconds = work.time_s
            self.owner[len(self.prompt)] = row
            self.pool.append(pool)
            self.prompt.append(prompt)
            self.output.append(output)
            self.service_s.append(seconds)
            self.priority.append(self.priority[row])
            self.user.append(self.user[row])
            if ids and not self.hash_ids:
                self.hash_ids = [[] for _ in self.prompt]
                self.hash_ids[-1] = ids
            elif self.hash_ids:
                self.hash_ids.append(ids)


def _column(
    requests: pd.DataFrame, name: str, wanted: np.ndarray, *, least: float = 0.0
) -> np.ndarray:
    """A column of numbers where they are wanted, zero elsewhere."""
    if not wanted.any():
        return np.zeros(len(wanted))
    if name not in requests:
        raise ValueError(
            f"requests have no column {name!r}: they have {', '.join(map(str, requests))}"
        )
    try:
        numbers = np.where(wanted, requests[name].to_numpy(dtype=float), max(least, 0.0))
    except (TypeError, ValueError):
        raise ValueError(f"{name}: must be a column of numbers") from None
    whole = least == 1
    wrong = ~np.isfinite(numbers) | (numbers < least) | (whole & (numbers != np.floor(numbers)))
    if wrong.any():
        row = int(wrong.argmax())
        kind = "a whole number" if whole else "a finite number"
        bound = f" ≥ {least:g}" if math.isfinite(least) else ""
        raise ValueError(f"{name} = {numbers[row]:g} in row {row}: must be {kind}{bound}")
    return np.where(wanted, numbers, 0.0)


def _pool(names: dict[str, int], name: Any, where: str) -> int:
    if name not in names:
        raise ValueError(f"pool = {name!r} {where}: must be one of {', '.join(names)}")
    return names[name]


def _fits(prompt: np.ndarray, output: np.ndarray, mine: np.ndarray, pool: Any) -> None:
    """Refuse a request whose cache no machine of its pool can hold."""
    room = pool.machine.pages * pool.machine.block_tokens
    most = np.where(mine, prompt + output - 1, 0)
    if most.size and most.max() > room:
        row = int(most.argmax())
        raise ValueError(
            f"input_tokens = {prompt[row]:.0f} with output_tokens = {output[row]:.0f} in row {row}: "
            f"must fit the {room} tokens of cache of pool {pool.name!r}"
        )


def _blocks(ids: Any, row: int) -> list[int]:
    try:
        return [] if ids is None else list(ids)
    except TypeError:
        raise ValueError(f"hash_ids = {ids!r} in row {row}: must be a list of block ids") from None


def _graphs(requests: pd.DataFrame) -> dict[int, TaskGraph]:
    if "graph" not in requests:
        return {}
    found = {}
    for row, graph in enumerate(requests["graph"]):
        if isinstance(graph, TaskGraph):
            found[row] = graph
        elif graph is not None and graph == graph:  # NaN marks an empty cell
            raise ValueError(f"graph = {graph!r} in row {row}: must be a TaskGraph or None")
    return found
