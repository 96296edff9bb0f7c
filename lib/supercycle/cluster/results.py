"""What a simulation found: a row a request, a row a moment, and the summary."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle._validate import non_negative, positive
from supercycle.cluster.agents import (
    Human,
    ModelCall,
    TaskGraph,
    ToolCall,
    covered_s,
    realised_path,
)
from supercycle.cluster.calls import HUMAN
from supercycle.cluster.clock import TICKS_PER_S
from supercycle.units import MTOK

if TYPE_CHECKING:
    import pandas as pd

    from supercycle.cluster.world import World

__all__ = ["SLO", "Price", "Result"]


@dataclass(frozen=True)
class SLO:
    """Service-level objective: what a request must meet to count as good.

    Attributes
    ----------
    ttft_s : float
        Longest time to the first token [s].
    tpot_s : float
        Longest mean time of an output token after the first [s/token].
    e2e_s : float
        Longest time to the last token [s].
    """

    ttft_s: float = math.inf
    tpot_s: float = math.inf
    e2e_s: float = math.inf

    def __post_init__(self) -> None:
        for name in ("ttft_s", "tpot_s", "e2e_s"):
            positive(name, getattr(self, name))


@dataclass(frozen=True)
class Price:
    """What customers pay.

    Attributes
    ----------
    input_usd_per_mtok, output_usd_per_mtok : float
        [USD per 1e6 tokens].
    """

    input_usd_per_mtok: float = 0.0
    output_usd_per_mtok: float = 0.0

    def __post_init__(self) -> None:
        non_negative("input_usd_per_mtok", self.input_usd_per_mtok)
        non_negative("output_usd_per_mtok", self.output_usd_per_mtok)


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """What a simulation found.

    Attributes
    ----------
    requests : pandas.DataFrame
        One row a request, in the order given. ``arrival_s``, ``input_tokens``, ``output_tokens``;
        ``ttft_s`` (arrival to first token), ``tpot_s`` (mean time between later tokens; NaN for a
        single one), ``e2e_s``, ``queue_s`` (arrival to admission), ``finish_s``; ``replica``
        (where it ended), ``preemptions``, ``restarts`` (after failures), ``cached_tokens`` (not
        computed anew), ``reloaded_tokens`` (those of them from a tier below), ``transfer_s``
        (between pools); ``status``: ``done``, ``unfinished`` or ``limited``. With graphs, also
        ``critical_path_s`` (longest path of the tasks' own durations, no queues), ``human_s``
        (people at work) and ``human_wait_s`` (people waiting for machines); first token and
        time between tokens are those of the last model call.
    tasks : pandas.DataFrame
        One row a task of a graph: ``request``, ``task``, ``kind``, ``replica``, ``ready_s``,
        ``start_s``, ``first_s``, ``finish_s``, and whether it is ``critical``: on the path that
        set the end of its request.
    timeline : pandas.DataFrame
        One row a pool or job and moment: ``time_s``, ``pool``, ``machines`` (that are up),
        ``running``, ``waiting``, ``memory_share`` (cache or slots in use), ``power_w``.
    machines : pandas.DataFrame
        One row a machine: ``machine``, ``pool``, ``slots``, ``on_s`` (ordered to released), ``up_s``
        (without repairs), ``busy_s``, ``energy_j``, ``cost_usd`` (NaN where the price is unknown).
    jobs : pandas.DataFrame
        One row a training job: ``job``, ``steps``, ``lost_steps``, ``failures``, ``finish_s``,
        ``goodput_share`` (time that made lasting steps, of all time), ``energy_j``.
    end_s : float
        When the simulation ended [s].
    in_system_mean : float
        Requests in the system, averaged over time as they came and went [1].

    Examples
    --------
    >>> import pandas as pd
    >>> from supercycle.cluster import Fleet, Station, simulate
    >>> jobs = pd.DataFrame({"arrival_s": [0.0, 1.0], "service_s": [3.0, 1.0]})
    >>> result = simulate(jobs, Fleet.of(Station()))
    >>> result
    <Result of 2 requests on 1 machine over 4 s>
    >>> result.requests["queue_s"].tolist()
    [0.0, 2.0]
    """

    requests: pd.DataFrame
    tasks: pd.DataFrame
    timeline: pd.DataFrame
    machines: pd.DataFrame
    jobs: pd.DataFrame
    end_s: float
    in_system_mean: float

    def __repr__(self) -> str:
        machines = f"{len(self.machines)} machine" + ("s" if len(self.machines) != 1 else "")
        return f"<Result of {len(self.requests)} requests on {machines} over {self.end_s:.6g} s>"

    @classmethod
    def of(cls, world: World, end_s: float) -> Result:
        """Gather the columns of a simulation."""
        requests, tasks = _requests(world)
        return cls(
            requests=requests,
            tasks=tasks,
            timeline=_timeline(world),
            machines=_machines(world, end_s),
            jobs=_jobs(world, end_s),
            end_s=end_s,
            in_system_mean=world.area / TICKS_PER_S / end_s if end_s else 0.0,
        )

    def power_trace_w(self) -> pd.Series:
        """Power of everything at even times, as `supercycle.energy.smooth` takes it [W].

        Returns
        -------
        pandas.Series
            Indexed by ``time_s``, at even steps; set `sample_s` of the simulation to resolve what
            you look for.
        """
        return self.timeline.groupby("time_s")["power_w"].sum()

    def summary(self, slo: SLO | None = None, price: Price | None = None) -> pd.Series:
        """Throughput, latency, goodput, utilisation, energy and money in one column.

        Parameters
        ----------
        slo : SLO, optional
            What counts for goodput; left out, every finished request is good. A quantity that a
            request does not have (the time between tokens of a single token) breaks no limit.
        price : Price, optional
            For revenue; left out, tokens are free.

        Returns
        -------
        pandas.Series
            Rates are over `end_s`, percentiles over finished requests; one entry a quantity, the
            unit last in its name.

        Examples
        --------
        >>> import pandas as pd
        >>> from supercycle.cluster import Fleet, Replica, StepTime, simulate
        >>> requests = pd.DataFrame(
        ...     {"arrival_s": [0.0, 0.0], "input_tokens": [50, 5000], "output_tokens": [2, 2]}
        ... )
        >>> replica = Replica(StepTime(0.01, prefill_s=1e-4), kv_tokens=6000, token_budget=6000)
        >>> result = simulate(requests, Fleet.of(replica))
        >>> result.summary(SLO(ttft_s=0.6))[["finished", "good_share", "ttft_p50_s"]].to_dict()
        {'finished': 2.0, 'good_share': 1.0, 'ttft_p50_s': 0.515}
        """
        import pandas as pd

        slo, price = slo or SLO(), price or Price()
        done = self.requests[self.requests["status"] == "done"]
        good = (
            ~(done["ttft_s"] > slo.ttft_s)
            & ~(done["tpot_s"] > slo.tpot_s)
            & ~(done["e2e_s"] > slo.e2e_s)
        )
        span, count = self.end_s or math.nan, len(self.requests) or math.nan
        read, written = float(done["input_tokens"].sum()), float(done["output_tokens"].sum())
        found: dict[str, float] = {
            "requests": len(self.requests),
            "finished": len(done),
            "limited": int((self.requests["status"] == "limited").sum()),
            "requests_per_s": len(done) / span,
            "input_tokens_per_s": read / span,
            "output_tokens_per_s": written / span,
            "goodput_per_s": float(good.sum()) / span,
            "good_share": float(good.sum()) / count,
            "in_system_mean": self.in_system_mean,
        }
        for name in ("ttft", "tpot", "e2e", "queue"):
            column = done[f"{name}_s"].to_numpy()
            column = column[~np.isnan(column)]
            points = np.quantile(column, [0.5, 0.9, 0.99]) if column.size else [math.nan] * 3
            found[f"{name}_mean_s"] = float(column.mean()) if column.size else math.nan
            for q, point in zip((50, 90, 99), points, strict=True):
                found[f"{name}_p{q}_s"] = float(point)
        machines = self.machines
        slots = machines["slots"] * machines["up_s"]
        found |= {
            "preemptions": int(self.requests["preemptions"].sum()),
            "restarts": int(self.requests["restarts"].sum()),
            "cached_share": float(done["cached_tokens"].sum()) / (read or math.nan),
            "utilisation": float(machines["busy_s"].sum() / (slots.sum() or math.nan)),
            "energy_j": float(machines["energy_j"].sum() + self.jobs["energy_j"].sum()),
            "cost_usd": float(machines["cost_usd"].sum(skipna=False)),
            "revenue_usd": (read * price.input_usd_per_mtok + written * price.output_usd_per_mtok)
            / MTOK,
        }
        return pd.Series(found, name="value")


def _requests(world: World) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables of requests and of tasks."""
    import pandas as pd

    calls, n = world.calls, world.calls.requests
    # arrivals as the clock counts them, so that no wait is negative by a rounding error
    arrival = np.array([round(a * TICKS_PER_S) / TICKS_PER_S for a in calls.arrival_s.tolist()])
    start, first, finish = (
        np.array(column[:n]) for column in (calls.start_s, calls.first_s, calls.finish_s)
    )
    names = np.array(["", "", *(machine.name for machine in world.machines)], dtype=object)
    whole = {
        "input_tokens": np.array(calls.prompt[:n], dtype=np.int64),
        "output_tokens": np.array(calls.output[:n], dtype=np.int64),
        "preemptions": np.array(calls.preemptions[:n], dtype=np.int64),
        "restarts": np.array(calls.restarts[:n], dtype=np.int64),
        "cached_tokens": np.array(calls.cached[:n]),
        "reloaded_tokens": np.array(calls.reloaded[:n]),
    }
    transfer = np.array(calls.transfer_s[:n])
    later = whole["output_tokens"] - 1
    tasks, graphs = _tasks(world, names)
    for row, cells in graphs.items():
        for name, column in whole.items():
            column[row] = cells[name]
        start[row], first[row], finish[row] = cells["start_s"], cells["first_s"], cells["finish_s"]
        transfer[row], later[row] = cells["transfer_s"], cells["later"]
    with np.errstate(divide="ignore", invalid="ignore"):
        tpot = np.where(later > 0, (_last(world, finish, graphs) - first) / later, np.nan)
    columns: dict[str, np.ndarray] = {
        "arrival_s": calls.arrival_s,
        "input_tokens": whole.pop("input_tokens"),
        "output_tokens": whole.pop("output_tokens"),
        "ttft_s": first - arrival,
        "tpot_s": tpot,
        "e2e_s": finish - arrival,
        "queue_s": start - arrival,
        "finish_s": finish,
        "replica": names[np.maximum(np.array(calls.replica[:n], dtype=int), 0)],
        **whole,
        "transfer_s": transfer,
    }
    status = np.where(np.isnan(finish), "unfinished", "done").astype(object)
    status[list(calls.limited)] = "limited"
    columns["status"] = status
    if graphs:
        for name in ("critical_path_s", "human_s", "human_wait_s"):
            columns[name] = np.full(n, np.nan)
            columns[name][list(graphs)] = [cells[name] for cells in graphs.values()]
    return pd.DataFrame(columns, index=world.requests.index), tasks


def _last(world: World, finish: np.ndarray, graphs: dict[int, dict[str, float]]) -> np.ndarray:
    """When the model call that a request's tokens are timed by was done."""
    finish = finish.copy()
    for row, cells in graphs.items():
        finish[row] = cells["model_finish_s"]
    return finish


def _tasks(world: World, names: np.ndarray) -> tuple[pd.DataFrame, dict[int, dict[str, float]]]:
    """The table of tasks, and what each request with a graph adds up to."""
    import pandas as pd

    calls = world.calls
    index = world.requests.index
    rows: list[tuple[Any, ...]] = []
    graphs: dict[int, dict[str, float]] = {}
    for row, graph in calls.graphs.items():
        places = range(calls.first[row], calls.first[row] + len(graph.tasks))
        finish = [calls.finish_s[i] for i in places]
        ended = not any(math.isnan(moment) for moment in finish)
        path = set(realised_path(graph, finish)) if ended else set()
        for place, i in enumerate(places):
            work = graph.work[graph.tasks[place]]
            kind = {ModelCall: "model", ToolCall: "tool", Human: "human"}[type(work)]
            moments = (calls.ready_s[i], calls.start_s[i], calls.first_s[i], calls.finish_s[i])
            name = names[max(calls.replica[i], 0)]
            rows.append((index[row], graph.tasks[place], kind, name, *moments, place in path))
        graphs[row] = _sums(world, graph, places, finish, ended)
    columns = ["request", "task", "kind", "replica", "ready_s", "start_s", "first_s", "finish_s"]
    return pd.DataFrame(rows, columns=[*columns, "critical"]), graphs


def _sums(
    world: World, graph: TaskGraph, places: range, finish: list[float], ended: bool
) -> dict[str, float]:
    """What the tasks of one request add up to."""
    calls = world.calls
    nan = math.nan
    model = [i for i in places if calls.output[i]]
    last = max(model, key=lambda i: (calls.finish_s[i], i)) if model and ended else -1
    people = [
        i for i in places if calls.pool[i] == HUMAN and calls.finish_s[i] == calls.finish_s[i]
    ]
    human_s = covered_s([(calls.start_s[i], calls.finish_s[i]) for i in people])
    starts = [calls.start_s[i] for i in places if calls.start_s[i] == calls.start_s[i]]
    arrival = calls.arrival_s[calls.owner[places[0]]]
    own = {
        task: calls.finish_s[i] - calls.start_s[i]
        for task, i in zip(graph.tasks, places, strict=True)
    }
    return {
        "input_tokens": sum(calls.prompt[i] for i in places),
        "output_tokens": sum(calls.output[i] for i in places),
        "preemptions": sum(calls.preemptions[i] for i in places),
        "restarts": sum(calls.restarts[i] for i in places),
        "cached_tokens": sum(calls.cached[i] for i in places),
        "reloaded_tokens": sum(calls.reloaded[i] for i in places),
        "transfer_s": math.fsum(calls.transfer_s[i] for i in places),
        "start_s": min(starts, default=nan),
        "first_s": calls.first_s[last] if last >= 0 else nan,
        "model_finish_s": calls.finish_s[last] if last >= 0 else nan,
        "later": calls.output[last] - 1 if last >= 0 else 0,
        "finish_s": max(finish) if ended else nan,
        "critical_path_s": graph.critical_path_s(own) if ended else nan,
        "human_s": human_s,
        "human_wait_s": max(finish) - arrival - human_s if ended else nan,
    }


def _timeline(world: World) -> pd.DataFrame:
    """The samples of pools, and jobs beside them."""
    import pandas as pd

    columns = ["time_s", "pool", "machines", "running", "waiting", "memory_share", "power_w"]
    timeline = pd.DataFrame(world.samples, columns=columns)
    moments = timeline["time_s"].unique()
    tables = [timeline]
    for run in world.jobs:
        tables.append(
            pd.DataFrame(
                {
                    "time_s": moments,
                    "pool": run.job.name,
                    "machines": int(run.job.pattern.gpus),
                    "running": run.works(moments).astype(int),
                    "waiting": 0,
                    "memory_share": np.nan,
                    "power_w": run.trace_w(moments),
                }
            )
        )
    return pd.concat(tables, ignore_index=True) if world.jobs else timeline


def _machines(world: World, end_s: float) -> pd.DataFrame:
    """The machines and what they used."""
    import pandas as pd

    now = int(world.env.now)
    rows = []
    for m in world.machines:
        off = m.off if m.off >= 0 else now
        on_s, up_s = (off - m.on) / TICKS_PER_S, (off - m.on - m.down_ticks) / TICKS_PER_S
        slots = getattr(m.machine, "slots", 1)
        energy = up_s * m.machine.idle_w + m.busy_j
        price = m.machine.usd_per_hour
        cost = math.nan if price is None else on_s / 3600 * price
        rows.append(
            (m.name, m.pool.name, slots, on_s, up_s, m.busy_ticks / TICKS_PER_S, energy, cost)
        )
    columns = ["machine", "pool", "slots", "on_s", "up_s", "busy_s", "energy_j", "cost_usd"]
    return pd.DataFrame(rows, columns=columns)


def _jobs(world: World, end_s: float) -> pd.DataFrame:
    """The training jobs and what became of them."""
    import pandas as pd

    rows = []
    for run in world.jobs:
        job = run.job
        steps = run.steps_by(end_s)
        ended = run.finish_s if run.finish_s == run.finish_s else end_s
        spent = ended - job.start_s
        share = steps * job.pattern.step_s / spent if spent > 0 else math.nan
        energy = run.energy_j(end_s)
        rows.append((job.name, steps, run.lost, run.failures, run.finish_s, share, energy))
    columns = ["job", "steps", "lost_steps", "failures", "finish_s", "goodput_share", "energy_j"]
    return pd.DataFrame(rows, columns=columns)
