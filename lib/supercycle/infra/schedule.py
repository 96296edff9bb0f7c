"""Time to compute: a campus as a project network (lecture, 43:25; everything has to land together).

The critical path method finds which tasks set the date; with uncertain durations several paths
compete and the expected finish lies *after* the finish of the expected durations (merge bias);
money shortens tasks, best where it moves the date. Durations are arrays as well as floats, so ten
thousand simulated projects are one pass through the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle import facts
from supercycle._plain import plain
from supercycle._validate import non_negative, share

if TYPE_CHECKING:
    import networkx as nx

__all__ = [
    "Forecast", "Schedule", "Task", "campus_project", "cpm", "pert", "project_network",
]  # fmt: skip


@dataclass(frozen=True)
class Task:
    """One task of a project.

    Attributes
    ----------
    likely_months : float
        Most likely duration [month].
    low_months, high_months : float or None
        Shortest and longest plausible durations [month]; None means certain.
    after : tuple of str
        Tasks that must be finished before this one starts.
    shortest_months : float or None
        Duration with all the money that helps [month]; None means that none does.
    crash_usd_per_month : float
        Cost of each month saved [USD/month].
    """

    likely_months: float
    low_months: float | None = None
    high_months: float | None = None
    after: tuple[str, ...] = ()
    shortest_months: float | None = None
    crash_usd_per_month: float = 0.0

    def __post_init__(self) -> None:
        non_negative("likely_months", self.likely_months)
        non_negative("crash_usd_per_month", self.crash_usd_per_month)
        low, high = self.range_months
        if not 0 <= low <= self.likely_months <= high < np.inf:
            raise ValueError(
                f"low, likely, high = {low!r}, {self.likely_months!r}, {high!r} months: "
                "must be finite, at least 0 and in rising order"
            )
        if self.shortest_months is not None and not 0 <= self.shortest_months <= self.likely_months:
            raise ValueError(
                f"shortest_months = {self.shortest_months!r}: must be between 0 and likely_months"
            )

    @property
    def range_months(self) -> tuple[float, float]:
        """Lowest and highest duration, equal to the likely one where none is given [month]."""
        low = self.likely_months if self.low_months is None else self.low_months
        high = self.likely_months if self.high_months is None else self.high_months
        return low, high

    @property
    def mean_months(self) -> float:
        """Mean of the PERT distribution, ``(low + 4·likely + high)/6`` [month]."""
        low, high = self.range_months
        return (low + 4 * self.likely_months + high) / 6


def campus_project(power: str = "onsite-gas") -> dict[str, Task]:
    """Tasks of building a gigawatt campus, from the table ``project-tasks``.

    Parameters
    ----------
    power : str
        ``onsite-gas`` (own turbines) or ``grid`` (a new connection).

    Raises
    ------
    ValueError
        For another kind of power.

    Examples
    --------
    >>> round(cpm(campus_project("onsite-gas")).months, 1), round(cpm(campus_project("grid")).months, 1)
    (35.0, 42.5)
    """
    rows = {name: facts.row("project-tasks", name) for name in facts.ids("project-tasks")}
    options = sorted({str(row["option"]) for row in rows.values() if row["option"]})
    if power not in options:
        raise ValueError(f"power = {power!r}: must be one of {', '.join(options)}")
    built = {name: row for name, row in rows.items() if row["option"] in (None, power)}

    def number(row: Mapping[str, Any], column: str) -> float:
        return float(row[column])

    return {
        name: Task(
            likely_months=number(row, "likely_months"),
            low_months=number(row, "low_months"),
            high_months=number(row, "high_months"),
            after=tuple(t for t in str(row["after"] or "").split(";") if t in built),
            shortest_months=number(row, "shortest_months"),
            crash_usd_per_month=number(row, "crash_usd_per_month"),
        )
        for name, row in built.items()
    }


def project_network(tasks: Mapping[str, Task]) -> nx.DiGraph:
    """Network of a project: an edge (a, b) says that b waits for a.

    Raises
    ------
    ValueError
        When there is no task, one waits for an unknown task, tasks wait for each other in a
        circle, or the network falls apart into pieces that share no task.

    Examples
    --------
    >>> sorted(project_network({"dig": Task(1), "build": Task(3, after=("dig",))}).edges)
    [('dig', 'build')]
    """
    import networkx as nx

    if not tasks:
        raise ValueError("tasks is empty: a project needs at least one task")
    graph: nx.DiGraph = nx.DiGraph()
    graph.add_nodes_from(tasks)
    for name, task in tasks.items():
        for before in task.after:
            if before not in tasks:
                raise ValueError(f"task {name!r} waits for {before!r}, which is not in the project")
            graph.add_edge(before, name)
    if not nx.is_directed_acyclic_graph(graph):
        circle = " → ".join(str(a) for a, _ in nx.find_cycle(graph))
        raise ValueError(f"tasks wait for each other in a circle: {circle} → …")
    pieces = sorted(sorted(piece) for piece in nx.weakly_connected_components(graph))
    if len(pieces) > 1:
        raise ValueError(
            f"the project falls into {len(pieces)} pieces that share no task: "
            f"{pieces[1][0]!r} is not connected with {pieces[0][0]!r}"
        )
    return graph


@dataclass(frozen=True)
class Schedule:
    """When each task can and must run.

    Attributes
    ----------
    months : float or array of shape (...,)
        Length of the project [month].
    early_start, early_finish, late_start, late_finish : dict from task to float or array
        Earliest times, and latest that keep the project's length [month].
    total_float, free_float : dict from task to float or array
        Delay that leaves the project's end, or the start of every following task, as it is [month].
    critical : dict from task to bool or array of bool
        Whether the task has no total float.
    """

    months: Any
    early_start: dict[str, Any]
    early_finish: dict[str, Any]
    late_start: dict[str, Any]
    late_finish: dict[str, Any]
    total_float: dict[str, Any]
    free_float: dict[str, Any]
    critical: dict[str, Any]

    def critical_tasks(self) -> list[str]:
        """Name the critical tasks of a single schedule, in order of their start.

        Raises
        ------
        ValueError
            When the schedule holds arrays: each sample has its own path.
        """
        if np.ndim(self.months):
            raise ValueError("this schedule holds many samples: use pert(...).criticality")
        return sorted((t for t in self.critical if self.critical[t]),
                      key=lambda t: (self.early_start[t], self.early_finish[t]))  # fmt: skip


def cpm(tasks: Mapping[str, Task], months: Mapping[str, Any] | None = None) -> Schedule:
    """Schedule a project by the critical path method.

    Forward: ``ES = max EF of those before``; backward: ``LF = min LS of those after``;
    ``TF = LS − ES``, ``FF = min ES of those after − EF``.

    Parameters
    ----------
    tasks : mapping from name to Task
    months : mapping from name to float or array of shape (...,), optional
        Durations [month]; left out, the likely ones.

    Returns
    -------
    Schedule
        Shapes as in `months`, broadcast.

    Raises
    ------
    ValueError
        When the network is impossible (see `project_network`), or a duration is missing,
        negative or infinite.

    Notes
    -----
    Crews and cranes are not limited here; a task waits only for those named in `after`.
    Source: Kelley and Walker (1959), Critical-path planning and scheduling.

    Examples
    --------
    >>> plan = cpm({"dig": Task(2), "order": Task(5), "build": Task(3, after=("dig", "order"))})
    >>> plan.months, plan.critical_tasks(), plan.total_float["dig"]
    (8.0, ['order', 'build'], 3.0)
    """
    import networkx as nx

    graph = project_network(tasks)
    if months is None:
        months = {name: task.likely_months for name, task in tasks.items()}
    for name in tasks:
        if name not in months:
            raise ValueError(f"months has no duration of the task {name!r}")
        non_negative(f"months[{name!r}]", months[name])
        if not np.isfinite(months[name]).all():
            raise ValueError(f"months[{name!r}] = {months[name]!r}: must be finite")
    order = list(nx.topological_sort(graph))
    shape = np.broadcast_shapes(*(np.shape(months[name]) for name in order))
    took = {t: np.broadcast_to(np.asarray(months[t], dtype=float), shape) for t in order}
    zero = np.zeros(shape)
    start: dict[str, np.ndarray] = {}
    finish: dict[str, np.ndarray] = {}
    for t in order:
        start[t] = np.maximum.reduce([zero, *(finish[b] for b in graph.predecessors(t))])
        finish[t] = start[t] + took[t]
    end = np.maximum.reduce(list(finish.values()))
    late: dict[str, np.ndarray] = {}
    slack: dict[str, np.ndarray] = {}
    for t in reversed(order):
        following = list(graph.successors(t))
        late[t] = np.minimum.reduce([end, *(late[f] - took[f] for f in following)])
        slack[t] = np.minimum.reduce([end, *(start[f] for f in following)]) - finish[t]
    spare = {t: np.maximum(late[t] - finish[t], 0.0) for t in order}
    tolerance = 1e-9 * np.maximum(end, 1.0)

    def tidy(numbers: Mapping[str, np.ndarray]) -> dict[str, Any]:
        return {t: plain(numbers[t]) for t in tasks}

    return Schedule(
        months=plain(end),
        early_start=tidy(start),
        early_finish=tidy(finish),
        late_start=tidy({t: late[t] - took[t] for t in order}),
        late_finish=tidy(late),
        total_float=tidy(spare),
        free_float=tidy({t: np.maximum(slack[t], 0.0) for t in order}),
        critical={t: (spare[t] <= tolerance)[()] for t in tasks},
    )


@dataclass(frozen=True)
class Forecast:
    """Finish dates of many simulated projects.

    Attributes
    ----------
    months : array of shape (samples,)
        Length of each [month].
    criticality : dict from task to float
        Share of samples in which the task was critical [1].
    likely_months : float
        Critical path of the likely durations [month].
    mean_path_months : float
        Critical path of the mean durations [month].
    """

    months: np.ndarray
    criticality: dict[str, float]
    likely_months: float
    mean_path_months: float

    @property
    def mean_months(self) -> float:
        """Expected length [month]."""
        return float(self.months.mean())

    @property
    def merge_bias_months(self) -> float:
        """Expected length less the critical path of the expected durations [month].

        At least 0 but for sampling error: the maximum of means is below the mean of the maximum.
        """
        return self.mean_months - self.mean_path_months

    def quantile_months(self, probability: Any) -> Any:
        """Length that is kept with the given probability [month]."""
        share("probability", probability)
        return plain(np.quantile(self.months, probability))

    def chance_within(self, months: Any) -> Any:
        """Probability of finishing within some months [1]."""
        held = np.searchsorted(np.sort(self.months), months, side="right")
        return plain(np.divide(held, self.months.size))


def pert(
    tasks: Mapping[str, Task], *, samples: int = 10_000, seed: int = 0, correlation: float = 0.0
) -> Forecast:
    """Simulate a project whose durations follow PERT distributions.

    Each duration is a beta on [low, high] with mode at the likely value,
    ``α = 1 + 4(likely − low)/(high − low)``, ``β = 1 + 4(high − likely)/(high − low)``.

    Parameters
    ----------
    tasks : mapping from name to Task
    samples : int
        Projects simulated.
    seed : int
    correlation : float
        Correlation of the tasks' (normal) scores through one common cause, such as scarce labour,
        0 to 1 [1]. It widens the forecast and narrows the merge bias.

    Returns
    -------
    Forecast

    Raises
    ------
    ValueError
        When the network is impossible, there is no sample, or the correlation lies outside 0 … 1.

    Notes
    -----
    The ranges are judgements, so the forecast is as good as they are; projects overrun their own
    highest estimates often. Source: Malcolm, Roseboom, Clark and Fazar (1959), Application of a
    technique for R&D program evaluation; Vose (2008), Risk analysis, for the beta's form.

    Examples
    --------
    >>> forecast = pert(campus_project("grid"), samples=2000)
    >>> forecast.merge_bias_months > 0, forecast.criticality["transformers"] > 0.9
    (True, True)
    """
    from scipy import special, stats

    if samples != int(samples) or samples < 1:
        raise ValueError(f"samples = {samples!r}: must be a whole number of at least 1")
    share("correlation", correlation)
    rng = np.random.default_rng(seed)
    common = rng.standard_normal(int(samples))
    durations: dict[str, Any] = {}
    for name, task in tasks.items():
        low, high = task.range_months
        own = rng.standard_normal(int(samples))
        if high == low:
            durations[name] = task.likely_months
            continue
        score = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own
        mode = (task.likely_months - low) / (high - low)
        beta = stats.beta(1 + 4 * mode, 1 + 4 * (1 - mode))
        durations[name] = low + (high - low) * beta.ppf(special.ndtr(score))
    plan = cpm(tasks, durations)
    return Forecast(
        months=np.broadcast_to(np.asarray(plan.months), (int(samples),)).copy(),
        criticality={name: float(np.mean(plan.critical[name])) for name in tasks},
        likely_months=cpm(tasks).months,
        mean_path_months=cpm(tasks, {n: t.mean_months for n, t in tasks.items()}).months,
    )
