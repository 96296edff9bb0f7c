"""Agents as traffic: one plan of tasks, its loop as long as each request needs (lecture, 17:44)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle._validate import at_least, non_negative
from supercycle.apps import task_graph, unroll
from supercycle.cluster.agents import Human, ModelCall, TaskGraph, ToolCall
from supercycle.cluster.arrivals import Seed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Task", "agent_requests"]


@dataclass(frozen=True)
class Task:
    """One kind of task of an agent: a model call, a tool call or a person's part.

    Attributes
    ----------
    name : str
    after : sequence of str
        Tasks that must be done before.
    input_tokens, output_tokens : int
        Of a model call [tokens].
    grows_tokens : int
        By which the prompt is longer in each further turn of the loop [tokens].
    time_s : float
        Of a tool call [s]; it needs a `pool` of stations.
    human_s : float
        Of a person [s].
    pool : str, optional
        Where it runs.

    Raises
    ------
    ValueError
        Unless it is exactly one of the three kinds.

    Examples
    --------
    >>> Task("search", after=["plan"], time_s=2.0, pool="tools").kind
    'tool'
    """

    name: str
    after: Sequence[str] = ()
    input_tokens: int = 0
    output_tokens: int = 0
    grows_tokens: int = 0
    time_s: float | None = None
    human_s: float | None = None
    pool: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.after, str):
            raise ValueError(
                f"after = {self.after!r} of task {self.name!r}: must be a list of names"
            )
        kinds = [self.input_tokens > 0, self.time_s is not None, self.human_s is not None]
        if sum(kinds) != 1:
            raise ValueError(
                f"task {self.name!r}: must have exactly one of input_tokens (a model), time_s (a "
                "tool) and human_s (a person)"
            )
        if self.input_tokens:
            at_least(f"output_tokens of task {self.name!r}", self.output_tokens, 1)
        if self.time_s is not None and self.pool is None:
            raise ValueError(f"task {self.name!r}: pool is missing, a tool needs stations")
        for seconds in ("time_s", "human_s"):
            if getattr(self, seconds) is not None:
                non_negative(f"{seconds} of task {self.name!r}", getattr(self, seconds))
        non_negative(f"grows_tokens of task {self.name!r}", self.grows_tokens)

    @property
    def kind(self) -> str:
        """``model``, ``tool`` or ``human``."""
        return "model" if self.input_tokens else "tool" if self.time_s is not None else "human"

    def work(self, turn: int, scale: float) -> ModelCall | ToolCall | Human:
        """What it asks for in a turn, times a random factor."""
        if self.input_tokens:
            prompt = self.input_tokens + turn * self.grows_tokens
            answer = max(1, round(self.output_tokens * scale))
            return ModelCall(prompt, answer, self.pool)
        if self.time_s is not None:
            return ToolCall(self.time_s * scale, str(self.pool))
        return Human(float(self.human_s or 0.0) * scale)


def agent_requests(
    arrivals_s: Any,
    tasks: Sequence[Task],
    *,
    loop: Sequence[str] = (),
    turns_mean: float = 1.0,
    sigma: float = 0.0,
    seed: Seed = 0,
) -> pd.DataFrame:
    """Requests that are task graphs: the plan, with its loop unrolled.

    Tasks of the loop run in turn after turn, each waiting for the whole turn before; the number
    of turns is geometric. What comes before the loop feeds its first turn, what comes after waits
    for its last. Answers and times are multiplied by a lognormal factor of mean 1.

    Parameters
    ----------
    arrivals_s : array of shape (n,)
        Sorted [s].
    tasks : sequence of Task
    loop : sequence of str
        Names of the tasks that repeat.
    turns_mean : float
        Mean number of turns, ≥ 1 [1].
    sigma : float
        Standard deviation of the logarithm of each task's factor [1].
    seed : int or numpy.random.Generator

    Returns
    -------
    pandas.DataFrame
        Columns ``arrival_s`` and ``graph``, a `TaskGraph` each; n rows.

    Raises
    ------
    ValueError
        For tasks of one name, unknown names, or a plan in a circle.

    Examples
    --------
    >>> plan = [Task("think", input_tokens=1000, output_tokens=50),
    ...         Task("act", after=["think"], time_s=1.0, pool="cpu"),
    ...         Task("read", after=["act"], human_s=20.0)]
    >>> agent_requests([0.0], plan, loop=["think", "act"], turns_mean=2.0, seed=1).graph[0].tasks
    (('think', 0), ('act', 0), ('think', 1), ('act', 1), ('read', 0))
    """
    import pandas as pd

    names = [task.name for task in tasks]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"tasks = {names!r}: must be at least one, each with its own name")
    for what, wanted in (("loop", loop), *((f"after of task {t.name!r}", t.after) for t in tasks)):
        for name in wanted:
            if name not in names:
                raise ValueError(f"{what} names {name!r}: must be one of {', '.join(names)}")
    at_least("turns_mean", turns_mean, 1)
    non_negative("sigma", sigma)
    task_graph(names, [(before, task.name) for task in tasks for before in task.after])
    rng = np.random.default_rng(seed)
    arrivals = np.asarray(arrivals_s, dtype=float)
    turns = rng.geometric(1 / turns_mean, arrivals.size) if loop else np.ones(arrivals.size, int)
    graphs = [_graph(tasks, set(loop), int(k), sigma, rng) for k in turns]
    return pd.DataFrame({"arrival_s": arrivals, "graph": graphs})


def _graph(
    tasks: Sequence[Task], loop: set[str], turns: int, sigma: float, rng: np.random.Generator
) -> TaskGraph:
    """One request's graph, with nodes (name, turn)."""
    inside = [task for task in tasks if task.name in loop]
    within = [(a, task.name) for task in inside for a in task.after if a in loop]
    rounds = unroll(task_graph([task.name for task in inside], within), turns) if loop else None
    edges = list(rounds.edges) if rounds else []
    for task in tasks:
        for before in task.after:
            if not (task.name in loop and before in loop):
                edges.append(((before, turns - 1 if before in loop else 0), (task.name, 0)))
    nodes: list[tuple[Task, int]] = []
    for task in tasks:
        if task.name not in loop:
            nodes.append((task, 0))
        elif task is inside[0]:
            nodes += [(each, turn) for turn in range(turns) for each in inside]
    scale = rng.lognormal(-(sigma**2) / 2, sigma, len(nodes))
    work = {(task.name, k): task.work(k, x) for (task, k), x in zip(nodes, scale, strict=True)}
    return TaskGraph(task_graph(list(work), edges), work)
