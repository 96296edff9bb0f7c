"""Agents: a request may be a graph of model calls, tools and people (lecture, 17:44 and 22:10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from supercycle._validate import non_negative
from supercycle.apps import critical_path_s, task_graph

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Human", "ModelCall", "TaskGraph", "ToolCall"]


@dataclass(frozen=True)
class ModelCall:
    """A call of a model.

    Attributes
    ----------
    input_tokens, output_tokens : int
        At least one of each [tokens].
    pool : str, optional
        Where it runs; left out, where requests enter the fleet.
    hash_ids : tuple of int
        Ids of the prompt's prefix blocks.
    """

    input_tokens: int
    output_tokens: int
    pool: str | None = None
    hash_ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in ("input_tokens", "output_tokens"):
            value = getattr(self, name)
            if isinstance(value, bool) or int(value) != value or value < 1:
                raise ValueError(f"{name} = {value!r}: must be a whole number ≥ 1")


@dataclass(frozen=True)
class ToolCall:
    """A job for a station: a tool, a search, a virtual machine.

    Attributes
    ----------
    time_s : float
        [s].
    pool : str
        A pool of stations.
    """

    time_s: float
    pool: str

    def __post_init__(self) -> None:
        non_negative("time_s", self.time_s)


@dataclass(frozen=True)
class Human:
    """A person's part: reading, answering, approving. People never queue here.

    Attributes
    ----------
    time_s : float
        [s].
    """

    time_s: float

    def __post_init__(self) -> None:
        non_negative("time_s", self.time_s)


Work = ModelCall | ToolCall | Human


@dataclass(frozen=True, eq=False)
class TaskGraph:
    """What an agent does for one request; each task starts when those before it are done.

    Attributes
    ----------
    graph : networkx.DiGraph
        An edge (a, b) says that b waits for a; see `supercycle.apps.task_graph`, and
        `supercycle.apps.unroll` for loops.
    work : mapping from task to ModelCall, ToolCall or Human

    Raises
    ------
    ValueError
        When the graph is empty or runs in a circle, or a task has no work.

    Examples
    --------
    >>> from supercycle.apps import chain
    >>> TaskGraph(chain("think", "run"), {"think": ModelCall(1000, 50), "run": ToolCall(2.0, "cpu")}).tasks
    ('think', 'run')
    """

    graph: nx.DiGraph
    work: Mapping[Any, Work]
    tasks: tuple[Any, ...] = field(init=False, repr=False)
    before: tuple[tuple[int, ...], ...] = field(init=False, repr=False)
    after: tuple[tuple[int, ...], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        task_graph(list(self.graph), list(self.graph.edges))  # refuses circles
        tasks = tuple(self.graph)
        place = {task: i for i, task in enumerate(tasks)}
        for task in tasks:
            if not isinstance(self.work.get(task), ModelCall | ToolCall | Human):
                raise ValueError(
                    f"work[{task!r}] = {self.work.get(task)!r}: must be a ModelCall, ToolCall or Human"
                )
        after = (tuple(place[t] for t in self.graph.successors(task)) for task in tasks)
        before = (tuple(place[t] for t in self.graph.predecessors(task)) for task in tasks)
        object.__setattr__(self, "tasks", tasks)
        object.__setattr__(self, "after", tuple(after))
        object.__setattr__(self, "before", tuple(before))

    def critical_path_s(self, time_s: Mapping[Any, float]) -> float:
        """Longest path through the graph with the given duration of each task [s]."""
        return critical_path_s(self.graph, time_s)


def realised_path(graph: TaskGraph, finish_s: list[float]) -> list[int]:
    """Tasks that set the end of a request: from the last to finish, back along who finished last."""
    place = max(range(len(finish_s)), key=finish_s.__getitem__)
    path = [place]
    while graph.before[path[-1]]:
        path.append(max(graph.before[path[-1]], key=finish_s.__getitem__))
    return path[::-1]


def covered_s(spans: list[tuple[float, float]]) -> float:
    """Time covered by at least one of several spans [s]."""
    total, end = 0.0, float("-inf")
    for start, stop in sorted(spans):
        total += max(0.0, stop - max(start, end))
        end = max(end, stop)
    return total
