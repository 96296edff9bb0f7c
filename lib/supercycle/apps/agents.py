"""Agents as task graphs: from one-shot chat to a graph of model, tool and people's work.

Latency is the critical path of a directed acyclic graph, cost is the sum over its tasks, loops
unroll into repeated tasks, and each task may run on a different machine: a mixed-integer
programme finds the cheapest placement that meets a deadline. A person in the graph soon becomes
its bottleneck, without any new chip (lecture, 17:44 and 22:10).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle._validate import at_least, non_negative, positive, share

if TYPE_CHECKING:
    import networkx as nx

__all__ = [
    "Placement",
    "agents_to_saturate",
    "best_placement",
    "chain",
    "cpu_per_gpu_ratio",
    "critical_path",
    "critical_path_s",
    "expected_attempts",
    "graph_cost_usd",
    "human_share",
    "success_within",
    "task_graph",
    "tasks_per_s",
    "unroll",
]

Task = Hashable


def task_graph(tasks: Sequence[Task], edges: Sequence[tuple[Task, Task]] = ()) -> nx.DiGraph:
    """Make a task graph: an edge (a, b) says that b waits for a.

    Raises
    ------
    ValueError
        When there is no task, an edge names an unknown task, or the tasks run in a circle
        (unroll loops first, see `unroll`).

    Examples
    --------
    >>> g = task_graph(["plan", "search", "read", "write"],
    ...                [("plan", "search"), ("plan", "read"), ("search", "write"), ("read", "write")])
    >>> critical_path_s(g, {"plan": 2, "search": 5, "read": 3, "write": 4})
    11.0
    """
    import networkx as nx

    graph: nx.DiGraph = nx.DiGraph()
    graph.add_nodes_from(tasks)
    for a, b in edges:
        for task in (a, b):
            if task not in graph:
                raise ValueError(f"edge {(a, b)!r} names the unknown task {task!r}")
        graph.add_edge(a, b)
    _check(graph)
    return graph


def chain(*tasks: Task) -> nx.DiGraph:
    """Make a graph in which each task waits for the one before: a reasoning model's shape.

    Examples
    --------
    >>> critical_path_s(chain("think", "answer"), {"think": 3, "answer": 1})
    4.0
    """
    return task_graph(tasks, list(itertools.pairwise(tasks)))


def _check(graph: nx.DiGraph) -> None:
    import networkx as nx

    if graph.number_of_nodes() == 0:
        raise ValueError("graph has no task: must have at least one")
    if not nx.is_directed_acyclic_graph(graph):
        circle = " → ".join(str(a) for a, _ in nx.find_cycle(graph))
        raise ValueError(f"graph runs in a circle ({circle} → …): unroll its loops first")


def _finite(name: str, number: float) -> None:
    """Refuse what is negative, missing or infinite: a machine that cannot run a task is left out."""
    non_negative(name, number)
    if not math.isfinite(number):
        raise ValueError(f"{name} = {number!r}: must be finite")


def _per_task(name: str, graph: nx.DiGraph, numbers: Mapping[Task, float]) -> None:
    for task in graph:
        if task not in numbers:
            raise ValueError(f"{name} has no entry for the task {task!r}")
        non_negative(f"{name}[{task!r}]", numbers[task])


def unroll(body: nx.DiGraph, times: int) -> nx.DiGraph:
    """Repeat a graph `times` times, each round waiting for the whole round before.

    Tasks become pairs (task, round), rounds counted from 0: the agent's loop as a graph without
    circles.

    Parameters
    ----------
    body : networkx.DiGraph
        One round of the loop.
    times : int
        Rounds, at least 1; for a loop that ends on success use the rounded `expected_attempts`,
        or draw.

    Returns
    -------
    networkx.DiGraph

    Raises
    ------
    ValueError
        When `times` is below 1 or the body runs in a circle.

    Examples
    --------
    >>> g = unroll(chain("think", "tool"), 3)
    >>> critical_path_s(g, {task: 1.0 for task in g})
    6.0
    """
    import networkx as nx

    _check(body)
    if times != int(times) or times < 1:
        raise ValueError(f"times = {times!r}: must be a whole number of at least 1")
    graph: nx.DiGraph = nx.DiGraph()
    first = [task for task in body if body.in_degree(task) == 0]
    last = [task for task in body if body.out_degree(task) == 0]
    for turn in range(int(times)):
        graph.add_nodes_from((task, turn) for task in body)
        graph.add_edges_from(((a, turn), (b, turn)) for a, b in body.edges)
        if turn:
            graph.add_edges_from(((a, turn - 1), (b, turn)) for a in last for b in first)
    return graph


def critical_path(graph: nx.DiGraph, time_s: Mapping[Task, float]) -> list[Task]:
    """Name the tasks of a longest path, in order: those whose delay delays the whole.

    Examples
    --------
    >>> g = task_graph("abc", [("a", "c"), ("b", "c")])
    >>> critical_path(g, {"a": 1, "b": 5, "c": 1})
    ['b', 'c']
    """
    finish = _finish_s(graph, time_s)
    task = max(finish, key=lambda t: finish[t])
    path = [task]
    while before := list(graph.predecessors(path[-1])):
        path.append(max(before, key=lambda t: finish[t]))
    return path[::-1]


def _finish_s(graph: nx.DiGraph, time_s: Mapping[Task, float]) -> dict[Task, float]:
    import networkx as nx

    _check(graph)
    _per_task("time_s", graph, time_s)
    finish: dict[Task, float] = {}
    for task in nx.topological_sort(graph):
        start = max((finish[before] for before in graph.predecessors(task)), default=0.0)
        finish[task] = start + float(time_s[task])
    return finish


def critical_path_s(graph: nx.DiGraph, time_s: Mapping[Task, float]) -> float:
    """Latency of a task graph when machines are never short: its longest path.

    Parameters
    ----------
    graph : networkx.DiGraph
        An edge (a, b) says that b waits for a.
    time_s : mapping from task to float
        Duration of each task [s].

    Returns
    -------
    float
        The sum for a chain, the maximum for independent tasks [s].

    Raises
    ------
    ValueError
        When the graph is empty or runs in a circle, or a duration is missing or negative.

    Notes
    -----
    Durations are certain here. With random ones the mean of the longest path exceeds the longest
    path of the means (merge bias), and waiting for machines comes on top.

    Source: Kelley and Walker (1959), Critical-path planning and scheduling.

    Examples
    --------
    >>> critical_path_s(task_graph("ab"), {"a": 1, "b": 5})
    5.0
    """
    return max(_finish_s(graph, time_s).values())


def graph_cost_usd(graph: nx.DiGraph, cost_usd: Mapping[Task, float]) -> float:
    """Cost of a task graph: the sum over its tasks, in whatever order they run [USD].

    Raises
    ------
    ValueError
        When the graph is empty or runs in a circle, or a cost is missing or negative.

    Examples
    --------
    >>> graph_cost_usd(chain("think", "answer"), {"think": 0.03, "answer": 0.01})
    0.04
    """
    _check(graph)
    _per_task("cost_usd", graph, cost_usd)
    return math.fsum(cost_usd[task] for task in graph)


def expected_attempts(success_share: Any, cap: Any = np.inf) -> Any:
    """Mean number of attempts when one stops at the first success, or after `cap` attempts.

    ``(1 − (1 − p)^cap) / p``; ``1/p`` without a cap, and the cap itself when nothing succeeds.

    Parameters
    ----------
    success_share : float or array of shape (...,)
        Probability that an attempt succeeds, independent of the others [1].
    cap : float or array of shape (...,)
        Most attempts one makes, at least 1 [1].

    Returns
    -------
    float or array of shape (...,)
        Attempts [1].

    Raises
    ------
    ValueError
        When the probability is outside 0 … 1, the cap below 1, or nothing ever succeeds and no
        cap ends it.

    Notes
    -----
    Attempts are independent. Tasks that differ in difficulty fail together, and then retrying
    buys less than this says.

    Examples
    --------
    >>> expected_attempts(np.array([1.0, 0.5, 0.5, 0.0]), np.array([9, np.inf, 2, 4]))
    array([1. , 2. , 1.5, 4. ])
    """
    share("success_share", success_share)
    at_least("cap", cap, 1)
    p, limit = np.broadcast_arrays(
        np.asarray(success_share, dtype=float), np.asarray(cap, dtype=float)
    )
    if ((p == 0) & np.isinf(limit)).any():
        raise ValueError("success_share = 0 without a cap: must be above 0, or attempts never end")
    with np.errstate(divide="ignore", invalid="ignore"):
        tried = -np.expm1(limit * np.log1p(-p)) / p
    return np.where(p == 0, limit, np.where(p == 1, 1.0, tried))[()]


def success_within(success_share: Any, cap: Any) -> Any:
    """Probability of success within `cap` independent attempts, ``1 − (1 − p)^cap`` [1].

    Examples
    --------
    >>> float(success_within(0.5, 2))
    0.75
    """
    share("success_share", success_share)
    at_least("cap", cap, 1)
    return 1 - (1 - np.asarray(success_share, dtype=float)) ** cap


@dataclass(frozen=True)
class Placement:
    """Where each task runs, and what comes of it.

    Attributes
    ----------
    machine : dict from task to machine
    latency_s : float
        Longest path, transfers included [s].
    cost_usd : float
        Sum over tasks and transfers [USD].
    """

    machine: dict[Task, str]
    latency_s: float
    cost_usd: float


def best_placement(
    graph: nx.DiGraph,
    time_s: Mapping[Task, Mapping[str, float]],
    cost_usd: Mapping[Task, Mapping[str, float]],
    *,
    deadline_s: float = np.inf,
    transfer_s: float | Mapping[tuple[Task, Task], float] = 0.0,
) -> Placement:
    """Place each task on a kind of machine, at least cost, so that the whole meets a deadline.

    A mixed-integer linear programme: one binary per task and machine, start times along the
    edges, and a binary per edge that pays the transfer when its two ends run on different
    machines. HiGHS solves it through `scipy.optimize.milp`.

    Parameters
    ----------
    graph : networkx.DiGraph
        An edge (a, b) says that b waits for a.
    time_s, cost_usd : mapping from task to mapping from machine to float
        Duration [s] and cost [USD] of each task on each machine that can run it; machines that
        cannot are left out.
    deadline_s : float
        Longest latency allowed [s]; infinite for none.
    transfer_s : float or mapping from edge to float
        Time to move the data of an edge between two different machines [s].

    Returns
    -------
    Placement

    Raises
    ------
    ValueError
        When the graph is empty or runs in a circle, an entry is missing or negative, or no
        placement meets the deadline (the message says how fast the fastest is).

    Notes
    -----
    Every kind of machine is there in any number: two tasks never queue for one machine. For
    queues use the simulation of a fleet. Chunks of one model call (prefill here, decode there) are
    two tasks with the cache as the transfer between them. The deadline holds to the solver's
    tolerance, a millionth of the time that all tasks would take one after another.

    Project managers know the problem as the discrete time–cost trade-off.

    Examples
    --------
    >>> g = chain("prefill", "decode")
    >>> time = {"prefill": {"gpu": 1.0, "fast": 0.8}, "decode": {"gpu": 10.0, "fast": 1.0}}
    >>> cost = {"prefill": {"gpu": 1.0, "fast": 4.0}, "decode": {"gpu": 2.0, "fast": 3.0}}
    >>> best_placement(g, time, cost, deadline_s=3.0, transfer_s=0.5).machine
    {'prefill': 'gpu', 'decode': 'fast'}
    """
    _check(graph)
    positive("deadline_s", deadline_s)
    moves = _transfers(graph, transfer_s)
    options = _options(graph, time_s, cost_usd)
    chosen = _place(graph, time_s, cost_usd, options, moves, deadline_s)
    if chosen is None:
        swift = _place(graph, time_s, cost_usd, options, moves, np.inf, fastest=True)
        assert swift is not None
        least = _placed_latency_s(graph, time_s, swift, moves)
        raise ValueError(
            f"deadline_s = {deadline_s!r}: no placement meets it, the fastest takes {least:.6g} s"
        )
    return Placement(
        chosen,
        _placed_latency_s(graph, time_s, chosen, moves),
        float(sum(cost_usd[task][machine] for task, machine in chosen.items())),
    )


def _transfers(
    graph: nx.DiGraph, transfer_s: float | Mapping[tuple[Task, Task], float]
) -> dict[tuple[Task, Task], float]:
    if not isinstance(transfer_s, Mapping):
        _finite("transfer_s", transfer_s)
        return dict.fromkeys(graph.edges, float(transfer_s))
    for edge in graph.edges:
        if edge not in transfer_s:
            raise ValueError(f"transfer_s has no entry for the edge {edge!r}")
        _finite(f"transfer_s[{edge!r}]", transfer_s[edge])
    return {edge: float(transfer_s[edge]) for edge in graph.edges}


def _options(
    graph: nx.DiGraph,
    time_s: Mapping[Task, Mapping[str, float]],
    cost_usd: Mapping[Task, Mapping[str, float]],
) -> dict[Task, list[str]]:
    """List the machines that can run each task; times and costs must name the same ones."""
    for task in graph:
        for name, table in (("time_s", time_s), ("cost_usd", cost_usd)):
            if not table.get(task):
                raise ValueError(f"{name} has no machine for the task {task!r}")
            for machine, number in table[task].items():
                _finite(f"{name}[{task!r}][{machine!r}]", number)
        if set(time_s[task]) != set(cost_usd[task]):
            raise ValueError(
                f"time_s and cost_usd of the task {task!r} name different machines: "
                f"{sorted(time_s[task])} and {sorted(cost_usd[task])}"
            )
    return {task: list(time_s[task]) for task in graph}


def _place(
    graph: nx.DiGraph,
    time_s: Mapping[Task, Mapping[str, float]],
    cost_usd: Mapping[Task, Mapping[str, float]],
    options: Mapping[Task, list[str]],
    moves: Mapping[tuple[Task, Task], float],
    deadline_s: float,
    *,
    fastest: bool = False,
) -> dict[Task, str] | None:
    """Solve the placement programme for cost, or for latency; None when nothing is feasible.

    Columns: a binary per task and machine, a start time per task, a binary per edge (1 when its
    ends run apart), and the latency of the whole.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import lil_array

    place = {pair: i for i, pair in enumerate((t, m) for t in graph for m in options[t])}
    start = {task: len(place) + i for i, task in enumerate(graph)}
    apart = {edge: len(place) + len(start) + i for i, edge in enumerate(graph.edges)}
    whole = len(place) + len(start) + len(apart)
    # No sensible schedule is longer than all tasks one after another, transfers included.
    longest = sum(max(time_s[t][m] for m in options[t]) for t in graph) + sum(moves.values())
    # Solvers work to absolute tolerances, so times and costs enter as shares of the largest.
    unit_s = longest or 1.0
    unit_usd = 1e-3 * max(cost_usd[t][m] for t in graph for m in options[t]) or 1.0
    limit = min(float(deadline_s) / unit_s, 1.0)

    rows: list[tuple[dict[int, float], float, float]] = []  # coefficients, lower, upper
    for task in graph:
        rows.append(({place[task, m]: 1.0 for m in options[task]}, 1.0, 1.0))
        runs = {place[task, m]: -time_s[task][m] / unit_s for m in options[task]}
        rows.append((runs | {whole: 1.0, start[task]: -1.0}, 0.0, np.inf))
    for a, b in graph.edges:
        runs = {place[a, m]: -time_s[a][m] / unit_s for m in options[a]}
        after = {start[b]: 1.0, start[a]: -1.0, apart[a, b]: -moves[a, b] / unit_s}
        rows.append((runs | after, 0.0, np.inf))
        for m in options[a]:
            stays = {place[b, m]: 1.0} if m in options[b] else {}
            rows.append((stays | {apart[a, b]: 1.0, place[a, m]: -1.0}, 0.0, np.inf))

    matrix = lil_array((len(rows), whole + 1))
    for i, (coefficients, _, _) in enumerate(rows):
        for j, number in coefficients.items():
            matrix[i, j] = number
    is_time = np.zeros(whole + 1, dtype=bool)
    is_time[[*start.values(), whole]] = True
    objective = np.zeros(whole + 1)
    if fastest:
        objective[whole] = 1.0
    else:
        for (task, m), i in place.items():
            objective[i] = cost_usd[task][m] / unit_usd
    solved = milp(
        objective,
        constraints=LinearConstraint(
            matrix.tocsr(), np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
        ),
        integrality=~is_time,
        bounds=Bounds(0.0, np.where(is_time, limit, 1.0)),
        options={"mip_rel_gap": 0.0},
    )
    if solved.x is None:
        return None
    return {task: m for (task, m), i in place.items() if solved.x[i] > 0.5}


def _placed_latency_s(
    graph: nx.DiGraph,
    time_s: Mapping[Task, Mapping[str, float]],
    machine: Mapping[Task, str],
    moves: Mapping[tuple[Task, Task], float],
) -> float:
    import networkx as nx

    finish: dict[Task, float] = {}
    for task in nx.topological_sort(graph):
        ready = (
            finish[a] + (moves[a, task] if machine[a] != machine[task] else 0.0)
            for a in graph.predecessors(task)
        )
        finish[task] = max(ready, default=0.0) + time_s[task][machine[task]]
    return max(finish.values())


def human_share(ai_s: Any, human_s: Any) -> Any:
    """Share of a task's time that waits for the person, ``human / (AI + human)`` [1].

    Parameters
    ----------
    ai_s, human_s : float or array of shape (...,)
        Time of the machine and of the person on one task, one after the other [s].

    Returns
    -------
    float or array of shape (...,)
        1 when the machine takes no time: then the person is the whole of the latency [1].

    Raises
    ------
    ValueError
        When a time is negative or both are zero.

    Notes
    -----
    By Amdahl's law no chip, however fast, speeds the task up by more than ``1 / human_share``.

    Examples
    --------
    >>> human_share(540.0, 60.0), human_share(0.0, 60.0)
    (0.1, 1.0)
    """
    non_negative("ai_s", ai_s)
    non_negative("human_s", human_s)
    total = np.add(ai_s, human_s)
    positive("ai_s + human_s", total)
    return human_s / total[()] if np.ndim(total) else float(human_s / total)


def agents_to_saturate(ai_s: Any, human_s: Any, switch_s: Any = 0.0) -> Any:
    """Agents that one person keeps busy when the machine works alone and the person reviews.

    ``k = 1 + T_AI / (T_human + T_switch)``: while one agent works for ``T_AI``, the person serves
    the others. Above k the person is the bottleneck and more agents wait.

    Parameters
    ----------
    ai_s, human_s : float or array of shape (...,)
        Time of the machine and of the person on one task [s].
    switch_s : float or array of shape (...,)
        Time the person needs to pick up another task [s].

    Returns
    -------
    float or array of shape (...,)
        Agents, not rounded [1].

    Raises
    ------
    ValueError
        When a time is negative, or person and switching take no time together.

    Notes
    -----
    Times are certain and tasks alike. With random times some agents wait while the person idles,
    and the same k yields less (the machine-repair queue).

    Examples
    --------
    >>> agents_to_saturate(540.0, 60.0), agents_to_saturate(540.0, 60.0, 30.0)
    (10.0, 7.0)
    """
    non_negative("ai_s", ai_s)
    non_negative("human_s", human_s)
    non_negative("switch_s", switch_s)
    busy = np.add(human_s, switch_s)
    positive("human_s + switch_s", busy)
    return 1 + ai_s / (busy[()] if np.ndim(busy) else float(busy))


def tasks_per_s(agents: Any, ai_s: Any, human_s: Any, switch_s: Any = 0.0) -> Any:
    """Tasks that one person finishes per second with a number of agents.

    ``min(k / (T_AI + T_human + T_switch), 1 / (T_human + T_switch))``: first the agents limit,
    from `agents_to_saturate` on the person.

    Parameters
    ----------
    agents : int or array of shape (...,)
        Agents working for one person, at least 1 [1].
    ai_s, human_s, switch_s
        As in `agents_to_saturate`.

    Returns
    -------
    float or array of shape (...,)
        Tasks per second [1/s].

    Raises
    ------
    ValueError
        When there is less than one agent, or for times as in `agents_to_saturate`.

    Notes
    -----
    What is a fast chip worth? A smaller ``ai_s`` raises this only while the agents limit, and so
    does another agent on an ordinary chip.

    Examples
    --------
    >>> 3600 * tasks_per_s(np.array([1, 5, 20]), 540.0, 60.0)
    array([ 6., 30., 60.])
    """
    at_least("agents", agents, 1)
    agents_to_saturate(ai_s, human_s, switch_s)  # checks the times
    busy = np.add(human_s, switch_s)
    return np.minimum(agents / (ai_s + busy), 1 / busy)


def cpu_per_gpu_ratio(
    tool_core_s: Any,
    gpu_s: Any,
    *,
    cpu_utilisation: Any = 1.0,
    gpu_utilisation: Any = 1.0,
) -> Any:
    """CPU cores that a fleet of agents needs per accelerator.

    ``(core-seconds / CPU utilisation) / (GPU-seconds / GPU utilisation)`` of one task: tools,
    searches and virtual machines bring the CPU back (lecture, 02:01).

    Parameters
    ----------
    tool_core_s : float or array of shape (...,)
        CPU time of a task over all cores [core·s].
    gpu_s : float or array of shape (...,)
        Accelerator time of a task [s]; its share of a batch, not the time it is in the batch.
    cpu_utilisation, gpu_utilisation : float or array of shape (...,)
        Shares of the time that cores and accelerators work [1].

    Returns
    -------
    float or array of shape (...,)
        Cores per accelerator [1].

    Raises
    ------
    ValueError
        When a time is negative, the accelerator's is zero, or a utilisation is not in (0, 1].

    Examples
    --------
    >>> cpu_per_gpu_ratio(30.0, 2.0, cpu_utilisation=0.5, gpu_utilisation=0.5)
    15.0
    """
    non_negative("tool_core_s", tool_core_s)
    positive("gpu_s", gpu_s)
    for name, number in (
        ("cpu_utilisation", cpu_utilisation),
        ("gpu_utilisation", gpu_utilisation),
    ):
        share(name, number)
        positive(name, number)
    return (tool_core_s / cpu_utilisation) / (gpu_s / gpu_utilisation)
