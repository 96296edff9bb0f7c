"""Buying time: which tasks of a project to shorten when a budget is all there is."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from supercycle._validate import non_negative
from supercycle.infra.schedule import Schedule, Task, cpm, project_network

__all__ = ["CrashPlan", "crash_plan"]


@dataclass(frozen=True)
class CrashPlan:
    """The shortest project that a budget buys, and the cheapest way to it.

    Attributes
    ----------
    months : float
        Length of the project [month].
    saved_months : dict from task to float
        How much each task is shortened [month].
    cost_usd : float
        What that costs, at most the budget [USD].
    usd_per_month : float or None
        Price of the next month, which a further dollar would buy [USD/month]; infinite when no
        money helps; None in whole months, which have no such price.
    schedule : Schedule
    tasks : dict from task to Task
        The project as shortened, ranges in proportion: for `pert`, since a plan that just fits
        the likely durations will not hold.
    """

    months: float
    saved_months: dict[str, float]
    cost_usd: float
    usd_per_month: float | None
    schedule: Schedule
    tasks: dict[str, Task]


def crash_plan(
    tasks: Mapping[str, Task], budget_usd: float, *, whole_months: bool = False
) -> CrashPlan:
    """Shorten a project as far as a budget allows, then as cheaply as that length allows.

    A linear program: start times s, savings x, length T;
    ``min T`` with ``s_j ≥ s_i + d_i − x_i`` along each edge, ``T ≥ s_i + d_i − x_i``,
    ``0 ≤ x_i ≤ d_i − shortest_i``, ``Σ c_i x_i ≤ budget``; then ``min Σ c_i x_i`` at that T.
    HiGHS solves it through `scipy.optimize.linprog`.

    Parameters
    ----------
    tasks : mapping from name to Task
        Likely durations are shortened.
    budget_usd : float
        [USD]; infinite buys all that helps.
    whole_months : bool
        Save whole months only (a mixed-integer program).

    Returns
    -------
    CrashPlan

    Raises
    ------
    ValueError
        When the network is impossible or the budget negative.

    Notes
    -----
    Spend until the price of the next month reaches what a month is worth
    (`delay_usd_per_month`). Savings cost the same for each month of a task; real ones get dearer.
    Source: Fulkerson (1961), A network flow computation for project cost curves, Management
    Science 7(2).

    Examples
    --------
    >>> yard = {"dig": Task(4, shortest_months=2, crash_usd_per_month=5.0),
    ...         "order": Task(3), "build": Task(2, after=("dig", "order"))}
    >>> plan = crash_plan(yard, 100.0)
    >>> plan.months, plan.saved_months["dig"], plan.cost_usd
    (5.0, 1.0, 5.0)
    """
    from scipy.optimize import linprog

    graph = project_network(tasks)
    non_negative("budget_usd", budget_usd)
    names = list(tasks)
    n = len(names)
    place = {name: i for i, name in enumerate(names)}
    duration = np.array([tasks[t].likely_months for t in names])
    room = np.array(
        [
            0.0 if (short := tasks[t].shortest_months) is None else tasks[t].likely_months - short
            for t in names
        ]
    )
    price = np.array([tasks[t].crash_usd_per_month for t in names])
    unit = float(price.max()) or 1.0  # so that the solver sees costs near one

    # Unknowns: start of each task, saving of each task, length of the project.
    rows, limits = [], []
    for t in names:
        i = place[t]
        for follower in [place[f] for f in graph.successors(t)] + [2 * n]:
            row = np.zeros(2 * n + 1)
            row[i], row[n + i], row[follower] = 1.0, -1.0, -1.0
            rows.append(row)
            limits.append(-duration[i])
    spending = np.concatenate([np.zeros(n), price / unit, [0.0]])
    cap = min(float(budget_usd), float(price @ room)) / unit
    bounds = [(0.0, None)] * n + [(0.0, r) for r in room] + [(0.0, None)]
    whole = np.concatenate([np.zeros(n), np.ones(n), [0.0]]) if whole_months else None
    length = np.zeros(2 * n + 1)
    length[-1] = 1.0

    shortest = linprog(length, A_ub=np.vstack([*rows, spending]), b_ub=[*limits, cap],
                       bounds=bounds, integrality=whole, method="highs")  # fmt: skip
    assert shortest.status == 0, shortest.message
    kept = float(shortest.fun) * (1 + 1e-9) + 1e-9
    cheapest = linprog(spending, A_ub=np.vstack([*rows, length]), b_ub=[*limits, kept],
                       bounds=bounds, integrality=whole, method="highs")  # fmt: skip
    assert cheapest.status == 0, cheapest.message

    # A millionth of a month is the size of the solver's tolerances.
    saved = np.clip(np.round(cheapest.x[n : 2 * n], 6), 0.0, room)
    plan = cpm(tasks, {t: duration[place[t]] - saved[place[t]] for t in names})
    marginal: float | None
    if whole_months:
        marginal = None
    else:
        months_per_usd = -float(shortest.ineqlin.marginals[-1]) / unit
        spent_all = budget_usd < float(price @ room)
        marginal = 1 / months_per_usd if spent_all and months_per_usd > 1e-15 else float("inf")
    return CrashPlan(
        months=float(plan.months),
        saved_months={t: float(saved[place[t]]) for t in names},
        cost_usd=float(price @ saved),
        usd_per_month=marginal,
        schedule=plan,
        tasks={t: _shortened(task, float(saved[place[t]])) for t, task in tasks.items()},
    )


def _shortened(task: Task, saved_months: float) -> Task:
    """The same task, likely duration less the saving, and its range in proportion."""
    if saved_months == 0:
        return task
    likely = task.likely_months - saved_months
    low, high = (months * likely / task.likely_months for months in task.range_months)
    return dataclasses.replace(
        task,
        likely_months=likely,
        low_months=min(low, likely),  # against rounding
        high_months=max(high, likely),
        shortest_months=min(task.shortest_months or 0.0, likely),
    )
