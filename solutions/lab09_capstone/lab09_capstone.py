# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] nbgrader={"grade": false, "grade_id": "title", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Lab 9 · Sign, stage or wait
#
# An investment committee has a gigawatt on its table. The lecture's price is seventy billion dollars, and
# its aim is to land the gigawatt on time. You bring the plan, the numbers and one page of advice. Then the
# committee asks about things you did not expect.
#
# | lecture | what was said |
# | --- | --- |
# | 10:22 | everything has to land at the same time; 10:39 names chips, power, cooling |
# | 10:57 | most of the work begins after the contracts are signed |
# | 11:23 | chips are brittle: they throttle with cooling and power |
# | 28:40 | labour is a bottleneck |
# | 43:46 | a gigawatt is 70 billion dollars |
# | 43:58 | half a million GPUs to manage, build up and staff |
# | 44:18 | *time to* compute matters now, rather than the *amount of* compute |
# | 44:32 | bigger chunks of concentrated compute are preferred: many little ones are hard to bring online |
#
# You will write eight functions: what money costs and what a row of years is worth, when a project of twenty
# tasks ends, what a month is worth, where money buys time, what failures take, at what price a token pays, and
# what becomes of a whole plan under stress. You make a plan and a promise, which scenarios that nobody has
# shown you put to the test. Then you advise: sign, stage or wait.
#
# **How it works.** *Predict* → *build* → *simulate* → *explain* → *advise*. Cells that say
# `YOUR CODE HERE` are yours; the cell below each of them checks your function and says in one
# sentence what is wrong, never what the answer is. When you are graded, more cases are tried. Cells
# marked *explore* are never graded: change them, break them. Two written answers are read by a
# person. Everything is in SI units unless a name ends otherwise; `share` means a number from 0 to 1.
# Run the cells from top to bottom.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math

import numpy as np
from scipy.optimize import linprog

from supercycle import check, decision, facts, infra, plots, scenario, stack
from supercycle.infra.delay import discounted_years
from supercycle.scenario.lab09 import OPTIONS, POWERS
from supercycle.units import format_si, format_usd

# What you are about to write stands in the library, too; here it is withheld.
check.withhold(
    "finance.annuity_usd_per_year",
    "finance.capital_recovery_factor",
    "finance.npv_usd",
    "infra.cpm",
    "infra.pert",
    "infra.crash_plan",
    "infra.delay_cost_usd",
    "infra.delay_usd_per_month",
    "infra.goodput_daly_share",
    "infra.break_even_revenue_usd_per_year",
    "infra.campus_npv_usd",
    "infra.present_years",
    "scenario.lab09.outcome",
)

case = scenario.draw("lab09")  # your own case: one deal before the committee
print(
    f"your case ({case.code}): {format_si(case.power_w, 'W')} at the meter, {case.capex_usd_per_w:g} USD/W: {format_usd(case.capex_usd)}"
)
print(
    f"it sells {format_usd(case.revenue_usd_per_year)} a year when new, {case.decline_per_year:.0%} less with each year of age, and costs {format_usd(case.opex_usd_per_year)} a year to run"
)
print(f"money costs {case.rate:.1%} a year, the chips last {case.years:g} years")

# %% [markdown] nbgrader={"grade": false, "grade_id": "predict_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Predict
#
# Before any arithmetic: four guesses for **your case**. Write each as `(low, best, high)`, an interval
# you would bet on four to one. Nobody grades whether you are right; at the end you see whether your
# intervals were honest.
#
# - `break_even_usd_per_w_year`: what a watt would have to sell in a year, every year of its life, to repay
#   the lecture's price
# - `merge_bias_months`: how many months later than the plan of mean durations the project ends on
#   average, with gas of its own
# - `saved_months`: months that half a billion dollars buys, with gas of its own
# - `sunk_month_usd_bn`: what a month is worth once the chips stand in the hall, in billion dollars

# %% nbgrader={"grade": false, "grade_id": "predictions", "locked": false, "schema_version": 3, "solution": true, "task": false}
# predictions = {"break_even_usd_per_w_year": (low, best, high), ...}
### BEGIN SOLUTION
predictions = {
    "break_even_usd_per_w_year": (10, 18, 30),
    "merge_bias_months": (0.3, 1.5, 6),
    "saved_months": (2, 6, 14),
    "sunk_month_usd_bn": (0.3, 0.8, 2),
}
### END SOLUTION

# %% tags=["explore"]
# explore: are these four intervals?
for name in ("break_even_usd_per_w_year", "merge_bias_months", "saved_months", "sunk_month_usd_bn"):
    check.prediction(name, predictions.get(name))
check.ok("four predictions, stored for the end of the lab")

# %% tags=["explore"]
# explore: exhibit 1, what a gigawatt is said to cost, and whose gigawatt it is (43:46)
print(stack.published_usd_per_w().to_string(index=False, max_colwidth=60))
print(facts.sources(facts.value("datacenter-capex/cost-lecture")))

# %% [markdown] nbgrader={"grade": false, "grade_id": "annuity_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 1 · Build: what a year of a campus costs
#
# Seventy billion once is hard to compare with sales of a year. Write the **equal yearly payment**, at the end
# of each of `years` years, that repays a capital with interest: `K · r / (1 − (1 + r)^(−n))`.
#
# *Think of:* money that costs nothing; a life of one year.


# %% nbgrader={"grade": false, "grade_id": "annuity_usd_per_year", "locked": false, "schema_version": 3, "solution": true, "task": false}
def annuity_usd_per_year(capital_usd, rate, years):
    """Equal yearly payment that repays a capital.

    Parameters
    ----------
    capital_usd : float
        Paid today [USD].
    rate : float
        Cost of capital, at least 0 [1/yr].
    years : float
        Number of payments, above 0 [yr].

    Returns
    -------
    float
        USD a year.
    """
    ### BEGIN SOLUTION
    if rate == 0:
        return capital_usd / years
    return capital_usd * rate / (1 - (1 + rate) ** -years)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_annuity_usd_per_year", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number("annuity_usd_per_year(100, 0.1, 5)", annuity_usd_per_year(100.0, 0.1, 5), low=1, high=200)  # fmt: skip
check.rising("dearer money, higher payments", lambda r: annuity_usd_per_year(100.0, r, 5), [0.01, 0.05, 0.2])  # fmt: skip
check.rising("a longer life, lower payments", lambda n: -annuity_usd_per_year(100.0, 0.1, n), [2, 5, 20])  # fmt: skip
check.same(
    "twice the capital, twice the payment",
    annuity_usd_per_year(200.0, 0.1, 5),
    2 * annuity_usd_per_year(100.0, 0.1, 5),
)
check.ok("annuity_usd_per_year: direction and proportion")
### BEGIN HIDDEN TESTS
try:
    _free = annuity_usd_per_year(100.0, 0.0, 5)
except ZeroDivisionError:
    _why = "money that costs nothing: the formula divides by zero, its limit does not"
    raise check.CheckError(_why) from None
check.agrees("money that costs nothing", _free, 20.0)
_rng = np.random.default_rng(1)
for _ in range(12):
    _k, _r, _n = (
        float(_rng.uniform(1e9, 9e10)),
        float(_rng.uniform(0.03, 0.2)),
        int(_rng.integers(2, 20)),
    )
    _want = _k / sum((1 + _r) ** -_t for _t in range(1, _n + 1))
    check.agrees(
        f"{_k:.3g} USD at {_r:.1%} over {_n} years", annuity_usd_per_year(_k, _r, _n), _want,
        hints={(_k / _n) / _want: "money has a price: interest is missing",
               (_k / _n + _k * _r) / _want: "interest is due on what is still owed, not on the whole capital for ever",
               1 / (1 + _r): "payments come at the end of each year, not at its start",
               (_k * (1 + _r) ** _n / _n) / _want: "payments of early years have earned interest by the end"},
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: life and rate, two numbers nobody hears in the lecture
lives = np.linspace(2, 8, 60)
rate_fact = facts.value("datacenter-capex/rate")
lines = {
    f"{r:.0%} a year": [
        (annuity_usd_per_year(case.capex_usd, r, n) + case.opex_usd_per_year) / case.power_w
        for n in lives
    ]
    for r in (float(rate_fact.low), float(rate_fact), float(rate_fact.high))
}
needed = (
    annuity_usd_per_year(case.capex_usd, case.rate, case.years) + case.opex_usd_per_year
) / case.power_w
axes = plots.sweep(
    lives,
    lines,
    claim=f"At {case.years:g} years and {case.rate:.1%} a watt must sell {needed:.1f} USD a year; it sells {case.revenue_usd_per_w_year:g}",
    x_label="useful life of the whole campus, years",
    y_label="needed, USD/W a year",
    target=(case.revenue_usd_per_w_year, "what a watt sells"),
)
plots.show(
    axes,
    "Sales needed per watt fall with the useful life and rise with the cost of capital; a dashed line marks what a watt sells.",
)
print(
    facts.sources(
        rate_fact,
        facts.value("datacenter-capex/life-it"),
        facts.value("compute-revenue/openai-exit-rate-revenue-per-power-2024"),
    )
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "npv_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 2 · Build: what a row of years is worth today
#
# Write the **net present value** of yearly cash flows. The first is of today; the next comes a year from now.
#
# *Think of:* a rate of zero; a single flow, today.


# %% nbgrader={"grade": false, "grade_id": "npv_usd", "locked": false, "schema_version": 3, "solution": true, "task": false}
def npv_usd(rate, cash_flows_usd):
    """Present value of yearly cash flows, the first of them today.

    Parameters
    ----------
    rate : float
        Discount rate [1/yr].
    cash_flows_usd : list of float
        Year 0 first; costs are negative [USD].

    Returns
    -------
    float
        USD.
    """
    ### BEGIN SOLUTION
    return sum(flow / (1 + rate) ** year for year, flow in enumerate(cash_flows_usd))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_npv_usd", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number("npv_usd(0.1, [-100, 60, 60])", npv_usd(0.1, [-100.0, 60.0, 60.0]), low=-200, high=200)
check.same("at a rate of zero, flows add up", npv_usd(0.0, [-100.0, 60.0, 60.0]), 20.0)
check.rising("sales later in time are worth less at a higher rate", lambda r: -npv_usd(r, [-100.0, 60.0, 60.0]), [0.0, 0.1, 0.3])  # fmt: skip
check.ok("npv_usd: limit and direction")
### BEGIN HIDDEN TESTS
check.agrees("one flow, today", npv_usd(0.3, [7.0]), 7.0,
             hints={1 / 1.3: "the flow of today is not discounted"})  # fmt: skip
_rng = np.random.default_rng(2)
for _ in range(12):
    _r, _f = (
        float(_rng.uniform(0.04, 0.2)),
        [float(x) for x in (-_rng.uniform(50, 60), *_rng.uniform(20, 30, 5))],
    )
    _want = sum(_f[_t] * (1 + _r) ** -_t for _t in range(6))
    check.agrees(
        f"six flows at {_r:.1%}", npv_usd(_r, _f), _want,
        hints={1 / (1 + _r): "the flow of today is not discounted",
               sum(_f) / _want: "later money is worth less",
               sum(_f[_t] / (1 + _r * _t) for _t in range(6)) / _want: "interest earns interest: discount by (1 + r)^t",
               (_want - _f[0]) / _want: "what is paid today counts, too"},
    )  # fmt: skip
### END HIDDEN TESTS


# %% tags=["explore"]
# explore: the lecture's gigawatt, and cheaper ones, at the sales of today
def campus_npv(capex_usd_per_w, sells, years=case.years, rate=case.rate, decline=0.0):
    """Present value of a watt that runs from today [USD/W]."""
    opex = case.opex_usd_per_year / case.power_w
    return npv_usd(rate, [-capex_usd_per_w] + [sells * (1 - decline) ** t - opex for t in range(int(years))])  # fmt: skip


built_up = float(infra.campus_capex(case.power_w).usd_per_facility_w)
epoch = facts.value("datacenter-capex/cost-epoch-model")
for label, capex in {"your deal": case.capex_usd_per_w, "a published model": float(epoch), "its items, summed": built_up}.items():  # fmt: skip
    for sells in (case.revenue_usd_per_w_year, 1.5 * case.revenue_usd_per_w_year, 2 * case.revenue_usd_per_w_year):  # fmt: skip
        print(f"{label:18s} {capex:5.1f} USD/W, sells {sells:4.1f} USD/W a year: {campus_npv(capex, sells):+6.1f} USD/W, "
              f"ageing {case.decline_per_year:.0%} a year {campus_npv(capex, sells, decline=case.decline_per_year):+6.1f}")  # fmt: skip
print(facts.sources(epoch))

# %% [markdown] nbgrader={"grade": false, "grade_id": "finish_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 3 · Build: when everything has landed
#
# Everything has to land at the same time (10:22). A task starts when **all** the tasks it waits for are
# done; the project ends with its last task. Nobody knows the durations: `months[task]` holds one duration for
# each of many simulated projects, as an array. Return the **finish of each project**, as an array.
#
# `after` is a dictionary from each task to the list of tasks it waits for, in no particular order; there is
# no circle.
#
# *Think of:* one task; two side by side of which now one, now the other is the later (their average end is
# not the end of their averages: that is the *merge bias*).


# %% nbgrader={"grade": false, "grade_id": "finish_months", "locked": false, "schema_version": 3, "solution": true, "task": false}
def finish_months(after, months):
    """Finish of a project, in each of many samples.

    Parameters
    ----------
    after : dict from task to list of tasks
        Whom each task waits for.
    months : dict from task to array of shape (samples,)
        Duration of the task in each sample [month].

    Returns
    -------
    array of shape (samples,)
        Months.
    """
    ### BEGIN SOLUTION
    finish = {}
    while len(finish) < len(after):
        for task in after:
            if task not in finish and all(before in finish for before in after[task]):
                start = np.max(
                    [finish[before] for before in after[task]] or [0 * months[task]], axis=0
                )
                finish[task] = start + months[task]
    return np.max(list(finish.values()), axis=0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_finish_months", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
_fork = {"site": [], "hall": ["site"], "chips": ["site"], "run": ["hall", "chips"]}
_took = {
    "site": np.array([1.0, 2.0]),
    "hall": np.array([4.0, 9.0]),
    "chips": np.array([7.0, 3.0]),
    "run": np.array([1.0, 1.0]),
}
check.numbers("finish_months of two samples", finish_months(_fork, _took), count=2, low=0, high=100)
check.same(
    "a single task takes its own time in each sample",
    finish_months({"a": []}, {"a": np.array([3.0, 5.0])}),
    np.array([3.0, 5.0]),
)
check.same(
    "the order in which tasks are listed does not matter",
    finish_months(dict(reversed(_fork.items())), _took),
    finish_months(_fork, _took),
)
check.same(
    "what everything waits for delays everything",
    finish_months(_fork, _took | {"site": _took["site"] + 5.0}),
    finish_months(_fork, _took) + 5.0,
)
check.ok("finish_months: one finish for each sample, in the right direction")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(3)
for _ in range(8):
    _n = int(_rng.integers(4, 10))
    _graph = {f"t{i}": [f"t{j}" for j in range(i) if _rng.random() < 0.35] for i in range(_n)}
    _drawn = {t: _rng.uniform(2, 30, 40) for t in _graph}

    def _ends(drawn, graph=_graph):
        end = {}
        for t in graph:
            end[t] = drawn[t] + (np.max([end[b] for b in graph[t]], axis=0) if graph[t] else 0.0)
        return end

    _all = _ends(_drawn)
    _want = np.max(list(_all.values()), axis=0)
    _of_means = float(
        np.max(list(_ends({t: np.full(1, d.mean()) for t, d in _drawn.items()}).values()))
    )
    _mixed = {str(t): _graph[str(t)] for t in _rng.permutation(list(_graph))}
    _listed_last = _all[list(_mixed)[-1]]
    _got = np.asarray(
        check.numbers("finish_months of forty samples", finish_months(_mixed, _drawn), count=40)
    )
    check.agrees(
        f"mean finish of a random project of {_n} tasks", float(_got.mean()), float(_want.mean()),
        hints={_of_means / float(_want.mean()): "that is the finish of the mean durations: in each sample another path may be the last",
               float(sum(d.mean() for d in _drawn.values()) / _want.mean()): "tasks that do not wait for each other run side by side",
               float(np.max(list(_drawn.values()), axis=0).mean() / _want.mean()): "in a chain each task waits for the one before: times add up",
               float(np.mean(_listed_last) / _want.mean()): "the project ends with its last task, also one that nobody waits for"},
    )  # fmt: skip
    check.agrees(f"each of forty finishes of a project of {_n} tasks", _got, _want)
    check.same(
        "the mean finish is never before the finish of the means",
        max(float(_got.mean()), _of_means),
        float(_got.mean()),
    )
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: exhibit 2, the tasks, and when your gigawatt lands: own gas or the grid
print(
    facts.table("project-tasks")[
        [
            "name",
            "after",
            "low_months",
            "likely_months",
            "high_months",
            "shortest_months",
            "crash_usd_per_month",
        ]
    ].to_string(max_colwidth=36)
)
ends, on_means = {}, {}
for power in POWERS:
    after, drawn = case.project(power)["after"], case.samples_months(power)
    ends[power] = finish_months(after, drawn)
    on_means[power] = float(
        finish_months(after, {t: np.array([d.mean()]) for t, d in drawn.items()})[0]
    )
merge_bias = float(ends["onsite-gas"].mean()) - on_means["onsite-gas"]
chance = np.linspace(0.02, 0.98, 49)
late80 = float(np.quantile(ends["onsite-gas"], 0.8))
axes = plots.sweep(
    np.linspace(20, 70, 101),
    {p: [float((e <= m).mean()) for m in np.linspace(20, 70, 101)] for p, e in ends.items()},
    claim=f"Merge bias: with own gas the mean end is {merge_bias:.1f} months after the plan of the means; one project in five takes over {late80:.0f}",
    x_label="months from today",
    y_label="chance to run by then",
)
plots.show(axes, "Two rising curves: the chance that the campus runs by a month, with own gas and with the grid; they cross where gas turbines are very late.")  # fmt: skip
for power, e in ends.items():
    print(f"{power:10s} likely durations {finish_months(case.project(power)['after'], {t: np.array([m]) for t, m in case.project(power)['months'].items()})[0]:5.1f}, "
          f"mean durations {on_means[power]:5.1f}, mean of finishes {e.mean():5.1f}, kept in 4 of 5 {np.quantile(e, 0.8):5.1f} months")  # fmt: skip
print("the ranges are judgements; large projects overrun their own highest estimates often")

# %% [markdown] nbgrader={"grade": false, "grade_id": "delay_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 4 · Build: what a delay costs
#
# Time to compute, rather than the amount of it (44:18). Is a month earlier always worth money? It depends on
# what moves with the start. A project that starts `m` years from now is worth, from today,
#
# `−K · e^(−δ·m_K) + R · D(δ + γ, m, end) − O · D(δ, m, end)`
#
# with `D = discounted_years(force, begin, end)` (given: a dollar a year from begin to end, discounted),
# `δ = ln(1 + rate)`, and `γ = −ln(1 − decline_per_year)` for prices that fall with the **calendar**.
#
# - `"deferred"` and `"falling"`: nothing is paid yet. Capital moves, too (`m_K = m`), and so does the end of
#   life (`end = m + years`). In `"falling"` prices fall meanwhile; in `"deferred"` the decline is given as 0.
# - `"sunk"`: the money is spent (`m_K = 0`) and the chips grow old in the hall: `end = years`.
#
# Write the **value lost** by a delay of so many months: the value without delay, less the value with it. It
# may be negative.
#
# *Think of:* no delay; a project that loses money; a sunk delay as long as the life.


# %% nbgrader={"grade": false, "grade_id": "delay_cost_usd", "locked": false, "schema_version": 3, "solution": true, "task": false}
def delay_cost_usd(
    months,
    regime,
    capex_usd,
    revenue_usd_per_year,
    opex_usd_per_year,
    rate,
    years,
    decline_per_year,
):
    """Value lost by starting some months later, seen from today.

    Parameters
    ----------
    months : float
        Length of the delay [month].
    regime : str
        "deferred", "sunk" or "falling".
    capex_usd, revenue_usd_per_year, opex_usd_per_year : float
        Capital [USD], sales at today's prices and operating cost [USD/yr].
    rate, decline_per_year : float
        Cost of capital, and yearly fall of prices [1/yr].
    years : float
        Useful life [yr].

    Returns
    -------
    float
        USD; negative where waiting gains.
    """
    ### BEGIN SOLUTION
    delta, gamma = math.log1p(rate), -math.log1p(-decline_per_year)

    def value_usd(start):
        end = years if regime == "sunk" else start + years
        paid = 0.0 if regime == "sunk" else start
        earned = revenue_usd_per_year * discounted_years(delta + gamma, start, end)
        spent = opex_usd_per_year * discounted_years(delta, start, end)
        return earned - spent - capex_usd * math.exp(-delta * paid)

    return float(value_usd(0.0) - value_usd(months / 12))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_delay_cost_usd", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
_deal = dict(
    capex_usd=38e9,
    revenue_usd_per_year=10e9,
    opex_usd_per_year=0.9e9,
    rate=0.1,
    years=5,
    decline_per_year=0.0,
)
check.number("delay_cost_usd(6, 'sunk', …)", delay_cost_usd(6, "sunk", **_deal), low=-1e11, high=1e11, unit="USD")  # fmt: skip
for _regime, _fall in (("deferred", 0.0), ("sunk", 0.0), ("falling", 0.2)):
    check.same(
        f"no delay, {_regime}",
        1.0 + delay_cost_usd(0.0, _regime, **_deal | {"decline_per_year": _fall}),
        1.0,
    )
check.rising(
    "a longer sunk delay costs more", lambda m: delay_cost_usd(m, "sunk", **_deal), [1, 6, 24]
)
check.rising(
    "faster falling prices make delay dearer",
    lambda g: delay_cost_usd(6, "falling", **_deal | {"decline_per_year": g}),
    [0.05, 0.2, 0.4],
)
check.ok("delay_cost_usd: nothing for no delay, and in the right direction")


### BEGIN HIDDEN TESTS
def _delay(months, regime, k, r, o, rate, years, fall, slip=""):
    d, g = math.log(1 + rate), -math.log(1 - fall)

    def dollars(force, a, b):
        return (math.exp(-force * a) - math.exp(-force * b)) / force

    def worth(m):
        sunk = regime == "sunk" and slip != "moves"
        a, b = m, years if sunk and slip != "life" else m + years
        paid = 0.0 if (sunk or slip == "paid") else m
        if slip == "age":
            sales = r * math.exp(-d * a) * dollars(d + g, 0, b - a)
        else:
            sales = r * dollars(d + g, a, b)
        cost = o * dollars(d + g if slip == "opex" else d, a, b)
        return sales - cost - k * math.exp(-d * paid)

    return worth(0.0) - worth(months / 12)


_rng = np.random.default_rng(4)
_never = delay_cost_usd(60.0, "sunk", **_deal)
_all_of_it = 9.1e9 * (1 - 1.1**-5) / math.log(1.1)
_terms = (60.0, "sunk", 38e9, 10e9, 0.9e9, 0.1, 5, 0.0)
check.agrees("a sunk delay as long as the life", _never, _all_of_it,
             hints={_delay(*_terms, slip="life") / _all_of_it: "sunk: the end of life does not move",
                    _delay(*_terms, slip="moves") / _all_of_it: "sunk: the money is spent already, and the chips grow old in the hall"})  # fmt: skip
for _ in range(9):
    _k, _r, _o = (float(x) for x in _rng.uniform((30e9, 6e9, 0.5e9), (75e9, 14e9, 1.5e9)))
    _i, _n, _m, _g = (
        float(_rng.uniform(0.05, 0.15)),
        float(_rng.uniform(4, 7)),
        float(_rng.uniform(1, 20)),
        float(_rng.uniform(0.1, 0.4)),
    )
    for _regime, _fall in (("deferred", 0.0), ("sunk", 0.0), ("sunk", _g), ("falling", _g)):
        _args = (_m, _regime, _k, _r, _o, _i, _n, _fall)
        _want = _delay(*_args)
        _flat = _m / 12 * (_r - _o)
        check.agrees(
            f"{_m:.1f} months, {_regime}, prices falling {_fall:.0%}", delay_cost_usd(*_args), _want,
            hints={-1.0: "the value lost is the value without delay less the value with it",
                   _flat / _want: "a month lost is a month of sales only where the chips stand idle, and later money is worth less",
                   _delay(*_args, slip="moves") / _want: "sunk: the money is spent already, and the chips grow old in the hall",
                   _delay(*_args, slip="life") / _want: "sunk: the end of life does not move",
                   _delay(*_args, slip="paid") / _want: "what is not paid yet is paid later, too: capital moves with the start",
                   _delay(*_args, slip="age") / _want: "prices fall with the calendar, also while you wait",
                   _delay(*_args, slip="opex") / _want: "prices of tokens fall, operating costs do not"},
        )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: what a month is worth, in three regimes (44:18)
deal = dict(
    capex_usd=case.capex_usd,
    revenue_usd_per_year=case.revenue_usd_per_year,
    opex_usd_per_year=case.opex_usd_per_year,
    rate=case.rate,
    years=case.years,
)
falls = {"deferred": 0.0, "sunk": 0.0, "falling": case.decline_per_year}
month_usd = {r: delay_cost_usd(1, r, **deal, decline_per_year=g) for r, g in falls.items()}
waited = np.linspace(0, 24, 49)
axes = plots.sweep(
    waited,
    {
        r: [delay_cost_usd(m, r, **deal, decline_per_year=g) / 1e9 for m in waited]
        for r, g in falls.items()
    },
    claim=f"A month is worth {month_usd['sunk'] / 1e9:.2f} bn once the money is spent, {month_usd['deferred'] / 1e9:.2f} bn before",
    x_label="months of delay",
    y_label="value lost, USD bn",
)
plots.show(axes, "Value lost over months of delay: sunk rises steeply; deferred falls below zero, since a project that loses money loses less later; falling lies near it.")  # fmt: skip
pays = 2.5 * case.revenue_usd_per_year
print(f"the same month before anything is spent, if a watt sold {pays / case.power_w:g} USD a year: "
      f"{format_usd(delay_cost_usd(1, 'deferred', **deal | {'revenue_usd_per_year': pays}, decline_per_year=0.0))}")  # fmt: skip
print(
    f"a sunk month over a year of electricity: {month_usd['sunk'] / float(case.page.energy.bill_usd_per_year):.1f}"
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "crash_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 5 · Build: where money buys time
#
# Every task can be shortened at a price a month, down to a shortest duration. Only tasks on the
# longest path help, and as they shrink other paths become longest. That is a **linear programme**: choose starts
# `s`, savings `x` and the finish `T` so that
#
# `min T`, `s_i ≥ 0`, `s_j ≥ s_i + d_i − x_i` where j waits for i, `T ≥ s_i + d_i − x_i`,
# `0 ≤ x_i ≤ d_i − shortest_i`, `Σ price_i · x_i ≤ budget`.
#
# `linprog(costs, A_ub, b_ub, bounds=…)` minimises `costs · v` with `A_ub · v ≤ b_ub`; its `.x` is the
# solution. Prices of tens of millions beside months make solvers stumble: divide money by its largest price.
#
# Return a dictionary from every task to the months saved.
#
# *Think of:* no budget; two equal paths side by side, where shortening one alone changes nothing.


# %% nbgrader={"grade": false, "grade_id": "crash_plan", "locked": false, "schema_version": 3, "solution": true, "task": false}
def crash_plan(after, months, shortest_months, usd_per_month, budget_usd):
    """Months to save of each task, so that a budget ends the project soonest.

    Parameters
    ----------
    after : dict from task to list of tasks
        Whom each task waits for.
    months, shortest_months : dict from task to float
        Duration now, and with all the money that helps [month].
    usd_per_month : dict from task to float
        Price of a month saved [USD/month].
    budget_usd : float
        [USD].

    Returns
    -------
    dict from task to float
        Months saved.
    """
    ### BEGIN SOLUTION
    tasks, n = list(after), len(after)
    at = {task: i for i, task in enumerate(tasks)}
    rows, limits = [], []
    for task in tasks:
        for follower in [at[t] for t in tasks if task in after[t]] + [2 * n]:
            row = np.zeros(2 * n + 1)
            row[at[task]], row[n + at[task]], row[follower] = 1, -1, -1
            rows.append(row)
            limits.append(-months[task])
    prices = np.array([usd_per_month[task] for task in tasks])
    unit = max(float(prices.max()), 1.0)
    rows.append(np.concatenate([np.zeros(n), prices / unit, [0]]))
    limits.append(budget_usd / unit)
    bounds = [(0, None)] * n + [(0, months[t] - shortest_months[t]) for t in tasks] + [(0, None)]
    best = linprog([0] * (2 * n) + [1], rows, limits, bounds=bounds)
    return {task: float(best.x[n + at[task]]) for task in tasks}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_crash_plan", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
_after = {"dig": [], "order": [], "build": ["dig", "order"]}
_now, _short = {"dig": 4.0, "order": 3.0, "build": 2.0}, {"dig": 2.0, "order": 2.0, "build": 2.0}
_price = {"dig": 5e6, "order": 2e6, "build": 1e6}


def _checked(after, now, short, price, budget):
    saved = check.named("crash_plan(…)", crash_plan(after, now, short, price, budget), list(after))
    for _name, _x in saved.items():
        check.number(f"months saved of {_name}", _x)
        if not -1e-6 <= _x <= now[_name] - short[_name] + 1e-6:
            raise check.CheckError(f"crash_plan(…) saves {_x:.3g} months of {_name}: no task gets longer, or shorter than its shortest")  # fmt: skip
    if sum(price[_name] * _x for _name, _x in saved.items()) > budget * (1 + 1e-6) + 1.0:
        raise check.CheckError("crash_plan(…) costs more than the budget")
    return saved


_checked(_after, _now, _short, _price, 3e6)
check.same(
    "without a budget the base stays",
    1.0 + sum(_checked(_after, _now, _short, _price, 0.0).values()),
    1.0,
    rtol=1e-6,
)
check.ok("crash_plan: within the budget and the durations")


### BEGIN HIDDEN TESTS
def _ends(after, took):
    end = {}
    while len(end) < len(after):
        for t in after:
            if t not in end and all(b in end for b in after[t]):
                end[t] = took[t] + max((end[b] for b in after[t]), default=0.0)
    return max(end.values())


def _after_saving(after, now, short, price, budget):
    saved = _checked(after, now, short, price, budget)
    return _ends(after, {t: now[t] - saved[t] for t in after})


def _cheapest_first(after, now, short, price, budget, only=None):
    took, left = dict(now), budget
    for t in sorted(only or after, key=lambda t: price[t]):
        x = min(now[t] - short[t], left / price[t])
        took[t], left = now[t] - x, left - x * price[t]
    return _ends(after, took)


check.agrees("one month bought where it helps", _after_saving(_after, _now, _short, _price, 5e6), 5.0, rtol=1e-6,
             hints={ratio: "a task off the longest path buys no time, however cheap it is" for ratio in (6 / 5, 5.4 / 5)})  # fmt: skip
_two = {"a": [], "b": [], "c": ["a", "b"]}
check.agrees("two equal paths, money for a month of both", _after_saving(_two, {"a": 5.0, "b": 5.0, "c": 1.0}, {"a": 1.0, "b": 1.0, "c": 1.0}, {"a": 1e6, "b": 2e6, "c": 1e6}, 3e6), 5.0, rtol=1e-6,
             hints={6 / 5: "equal paths must be shortened together: shortening one alone changes nothing"})  # fmt: skip
_rng = np.random.default_rng(5)
for _ in range(8):
    # two chains of two, then a common end: a reference by a fine search over how far the end is pulled in
    _net = {"a": [], "b": ["a"], "p": [], "q": ["p"], "z": ["b", "q"]}
    _now = {t: float(_rng.uniform(4, 12)) for t in _net}
    _short = {t: _now[t] * float(_rng.uniform(0.3, 0.8)) for t in _net}
    _price = {t: float(_rng.uniform(1e6, 9e6)) for t in _net}

    def _cost(chain, length, now=_now, short=_short, price=_price):
        need, usd = max(sum(now[t] for t in chain) - length, 0.0), 0.0
        for t in sorted(chain, key=lambda t: price[t]):
            x = min(need, now[t] - short[t])
            need, usd = need - x, usd + x * price[t]
        return usd if need < 1e-9 else math.inf

    _budget = float(_rng.uniform(5e6, 3e7))

    def _cost_of(total, now=_now, short=_short, price=_price, cost=_cost):
        # the best split between chains and the common end; costs are convex, so a golden search does
        def at(x):
            return (
                price["z"] * x + cost("ab", total - now["z"] + x) + cost("pq", total - now["z"] + x)
            )

        low, high = 0.0, now["z"] - short["z"]
        least = max(sum(short[t] for t in chain) for chain in ("ab", "pq"))
        low = max(low, least - total + now["z"] + 1e-9)  # the chains cannot be shorter
        if low > high:
            return math.inf
        for _step in range(90):
            left, right = high - 0.618034 * (high - low), low + 0.618034 * (high - low)
            low, high = (low, right) if at(left) <= at(right) else (left, high)
        return at((low + high) / 2)

    _low, _high = _ends(_net, _short), _ends(_net, _now)
    for _step in range(60):
        _mid = (_low + _high) / 2
        _low, _high = (_low, _mid) if _cost_of(_mid) <= _budget else (_mid, _high)
    _want = _high
    _longest = max(("abz", "pqz"), key=lambda path: sum(_now[t] for t in path))
    check.agrees(
        f"a budget of {_budget:.3g} USD for five tasks", _after_saving(_net, _now, _short, _price, _budget), _want, rtol=1e-5,
        hints={_cheapest_first(_net, _now, _short, _price, _budget) / _want: "a task off the longest path buys no time, however cheap it is",
               _cheapest_first(_net, _now, _short, _price, _budget, only=_longest) / _want: "once the longest path is shorter, another one is the longest: look at all of them at once"},
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: months for money, and when to stop buying
budgets = np.linspace(0, 1.6e9, 17)
likely, bought = {}, {}
for power in POWERS:
    p = case.project(power)
    names = list(p["after"])
    for b in budgets:
        saved = crash_plan(
            p["after"], p["months"], p["shortest_months"], p["usd_per_month"], float(b)
        )
        took = {t: np.array([p["months"][t] - saved[t]]) for t in names}
        likely.setdefault(power, []).append(float(finish_months(p["after"], took)[0]))
    bought[power] = likely[power][0] - float(np.interp(5e8, budgets, likely[power]))
last_month_usd = np.diff(budgets) / np.maximum(-np.diff(likely["onsite-gas"]), 1e-9)
axes = plots.sweep(
    budgets / 1e9,
    likely,
    claim=f"Half a billion buys {bought['onsite-gas']:.1f} months with own gas, {bought['grid']:.1f} on the grid; own gas gains {(likely['onsite-gas'][0] - likely['onsite-gas'][-1]):.0f} at most",
    x_label="crash budget, USD bn",
    y_label="months to the first full job",
)
plots.show(axes, "Months to the first full job fall with the crash budget, steeply first, then not at all; the grid's line lies above that of own gas.")  # fmt: skip
helps = last_month_usd[last_month_usd < 1e12]
print(f"a month costs {format_usd(helps.min())} at first and {format_usd(helps.max())} at last; a sunk one is worth {format_usd(month_usd['sunk'])}, a deferred one {format_usd(month_usd['deferred'])}")  # fmt: skip

# %% [markdown] nbgrader={"grade": false, "grade_id": "goodput_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 6 · Build: what failures take
#
# Half a million GPUs (43:58) do not run a job for a week without one failing. A job saves its state after
# every `interval_s` of work, which takes `checkpoint_s`; a failure, on average every `mtbi_s` = M, costs
# the work since and `restart_s`. Failures without memory may also strike while saving or restarting. One
# interval τ then takes `M · e^(R/M) · (e^((τ+δ)/M) − 1)` on average (Daly, 2006).
#
# Write the **share of time that becomes kept work**. `mtbi_s` may be `math.inf`. Raise a `ValueError`
# if it is not positive.
#
# *Think of:* machines that never fail; a restart that is free.


# %% nbgrader={"grade": false, "grade_id": "goodput_daly_share", "locked": false, "schema_version": 3, "solution": true, "task": false}
def goodput_daly_share(interval_s, checkpoint_s, restart_s, mtbi_s):
    """Share of time that becomes kept work.

    Parameters
    ----------
    interval_s : float
        Work between two checkpoints, τ [s].
    checkpoint_s, restart_s : float
        Time to save δ, and from a failure to the next step R [s].
    mtbi_s : float
        Mean time between interruptions M, above 0; may be infinite [s].

    Returns
    -------
    float
        0 to 1.
    """
    ### BEGIN SOLUTION
    if mtbi_s <= 0:
        raise ValueError(f"mtbi_s = {mtbi_s}: must be positive")
    if math.isinf(mtbi_s):
        return interval_s / (interval_s + checkpoint_s)
    stretch = math.expm1((interval_s + checkpoint_s) / mtbi_s)
    return interval_s / (mtbi_s * math.exp(restart_s / mtbi_s) * stretch)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_goodput_daly_share", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number(
    "goodput_daly_share(900, 60, 300, 1e4)",
    goodput_daly_share(900.0, 60.0, 300.0, 1e4),
    low=0,
    high=1,
)
check.rising(
    "rarer failures keep more", lambda m: goodput_daly_share(900.0, 60.0, 300.0, m), [1e3, 1e4, 1e5]
)
check.rising(
    "slower restarts keep less", lambda s: -goodput_daly_share(900.0, 60.0, s, 1e4), [0, 300, 3000]
)
check.refuses("failures without a pause", lambda: goodput_daly_share(900.0, 60.0, 300.0, 0.0))
check.ok("goodput_daly_share: between 0 and 1, in the right direction")
### BEGIN HIDDEN TESTS
_calm = goodput_daly_share(900.0, 100.0, 300.0, math.inf)
check.agrees("machines that never fail", _calm, 0.9,
             hints={1 / 0.9: "even machines that never fail stop to save"})  # fmt: skip
_rng = np.random.default_rng(6)
for _ in range(12):
    _t, _d, _r, _m = (float(x) for x in _rng.uniform((200, 20, 100, 600), (3000, 200, 900, 2e4)))
    _want = _t / (_m * math.exp(_r / _m) * (math.exp((_t + _d) / _m) - 1))
    _first = _t / (_t + _d) * (1 - (_r + (_t + _d) / 2) / _m)
    check.agrees(
        f"saves every {_t:.0f} s, fails every {_m:.0f} s", goodput_daly_share(_t, _d, _r, _m), _want,
        hints={1 / _want**2: "the share is work over time, not time over work",
               math.exp(_r / _m): "each failure costs a restart, too",
               (_t + _d) / _t: "saving is not kept work: only the interval counts",
               _first / _want: "a failure may strike again while the job restarts or saves: the sum to first order is not enough",
               _t / (_t + _d) / _want: "failures cost work, not only saving does"},
    )  # fmt: skip
_quick = goodput_daly_share(0.2, 0.01, 0.02, 0.5)
check.agrees("a failure every half second", _quick, 0.4 / (math.exp(0.46) - math.exp(0.04)))
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: the other side of concentration (44:32): one job, more chips, more failures
save = facts.value("infrastructure/checkpoint-time")
back = facts.value("infrastructure/restart-time")
gpus = float(case.page.chips.gpus)
sizes = {f"{share:g} of the campus": share * gpus for share in (0.03, 0.1, 0.3, 1.0)}
every_s = np.geomspace(20, 3600, 60)
kept = {
    name: [goodput_daly_share(float(t), float(save), float(back), infra.mtbi_s(n)) for t in every_s]
    for name, n in sizes.items()
}
whole = max(kept["1 of the campus"])
axes = plots.sweep(
    every_s,
    kept,
    claim=f"One job on all {gpus:,.0f} GPUs keeps {whole:.0%} of its time at best; on a thirtieth of them {max(kept['0.03 of the campus']):.0%}",
    x_label="work between two checkpoints, seconds",
    y_label="share of time kept",
    log="x",
)
plots.show(axes, "Share of time kept over the checkpoint interval: each curve has a maximum; the larger the job, the lower the maximum and the shorter its interval.")  # fmt: skip
quick = max(
    goodput_daly_share(float(t), float(save.low), float(back.low), infra.mtbi_s(gpus))
    for t in every_s
)
print(f"an interruption every {infra.mtbi_s(gpus) / 60:.0f} minutes; with saving in {float(save.low):g} s and restarts in {float(back.low):g} s the whole campus keeps {quick:.0%}")  # fmt: skip
print(
    "a campus that serves many small jobs does not have this problem; one that trains a single model does"
)
print(facts.sources(save, back))

# %% [markdown] nbgrader={"grade": false, "grade_id": "break_even_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 7 · Build: the price at which a token pays
#
# The campus is paid today and sells `tokens_per_year` in each of `years` years (a whole number). What it sells
# and spends in a year is counted at the year's end. The price falls by `decline_per_year` each year after
# the first. Write the **price of the first year**, per million tokens, at which the net present value is zero.
#
# Raise a `ValueError` if no token is sold.
#
# *Think of:* no decline, where the annuity is enough; money that costs nothing.


# %% nbgrader={"grade": false, "grade_id": "break_even_usd_per_mtok", "locked": false, "schema_version": 3, "solution": true, "task": false}
def break_even_usd_per_mtok(
    capex_usd, opex_usd_per_year, tokens_per_year, rate, years, decline_per_year
):
    """Price of the first year at which a campus has no net present value.

    Parameters
    ----------
    capex_usd, opex_usd_per_year : float
        Paid today [USD], and each year [USD/yr].
    tokens_per_year : float
        Sold each year [1/yr].
    rate, decline_per_year : float
        Cost of capital, and yearly fall of the price [1/yr].
    years : int
        Useful life [yr].

    Returns
    -------
    float
        USD per million tokens.
    """
    ### BEGIN SOLUTION
    if tokens_per_year <= 0:
        raise ValueError(f"tokens_per_year = {tokens_per_year}: no price is high enough")
    factors = [(1 + rate) ** -t for t in range(1, years + 1)]
    cost_usd = capex_usd + opex_usd_per_year * sum(factors)
    paid = sum(f * (1 - decline_per_year) ** t for t, f in enumerate(factors))
    return cost_usd / (tokens_per_year / 1e6 * paid)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_break_even_usd_per_mtok", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
_sold = (70e9, 0.9e9, 4e15)
check.number(
    "break_even_usd_per_mtok(…)",
    break_even_usd_per_mtok(*_sold, 0.1, 5, 0.2),
    low=0.01,
    high=1000,
    unit="USD per million tokens",
)
check.rising(
    "faster falling prices must start higher",
    lambda g: break_even_usd_per_mtok(*_sold, 0.1, 5, g),
    [0.0, 0.2, 0.5],
)
check.rising(
    "a longer life needs a lower price",
    lambda n: -break_even_usd_per_mtok(*_sold, 0.1, n, 0.1),
    [3, 5, 8],
)
check.refuses("no token sold", lambda: break_even_usd_per_mtok(70e9, 0.9e9, 0.0, 0.1, 5, 0.0))
check.ok("break_even_usd_per_mtok: direction and a limit")
### BEGIN HIDDEN TESTS
check.agrees("free money, no decline", break_even_usd_per_mtok(50e9, 1e9, 1e15, 0.0, 5, 0.0), 11.0,
             hints={10 / 11: "running it costs money, too"})  # fmt: skip
check.agrees("a single token a year", break_even_usd_per_mtok(5.0, 1.0, 1.0, 0.0, 5, 0.0), 2e6)
_rng = np.random.default_rng(7)
for _ in range(12):
    _k, _o, _q = (float(x) for x in _rng.uniform((30e9, 0.5e9, 1e15), (80e9, 2e9, 9e15)))
    _r, _n, _g = (
        float(_rng.uniform(0.05, 0.15)),
        int(_rng.integers(4, 8)),
        float(_rng.uniform(0.1, 0.4)),
    )
    _a = [(1 + _r) ** -_t for _t in range(1, _n + 1)]
    _sum = sum(_a)
    _mean = sum((1 - _g) ** _t for _t in range(_n)) / _n
    _pay = sum(_a[_t] * (1 - _g) ** _t for _t in range(_n))
    _want = (_k + _o * _sum) / _pay / _q * 1e6
    check.agrees(
        f"{_k:.3g} USD, {_n} years, price falling {_g:.0%} a year", break_even_usd_per_mtok(_k, _o, _q, _r, _n, _g), _want,
        hints={1e-6: "per million tokens, not per token",
               _pay / _sum: "the price falls: the first year must earn more than the annuity",
               (_k / _n + _o) / _mean / _q * 1e6 / _want: "money has a price: later sales are worth less",
               (_k / _sum + _o) / _mean / _q * 1e6 / _want: "early years earn more and count more: the mean price over the life is not enough",
               1 / (1 - _g): "the price of the first year has not fallen yet",
               _k / (_k + _o * _sum): "running it costs money, too",
               (_k + _o * _pay) / (_k + _o * _sum): "the price of tokens falls, operating costs do not"},
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: exhibit 3, the price that is needed beside the price that is received
received = float(case.page.apps.price_usd_per_mtok)
capexes = {
    "your deal": case.capex_usd_per_w,
    "a published model": float(epoch),
    "items, summed": built_up,
}
prices = {"received today": received}
for label, capex in capexes.items():
    for fall in (0.0, case.decline_per_year):
        prices[f"{label}, price falling {fall:.0%}"] = break_even_usd_per_mtok(
            capex * case.power_w,
            case.opex_usd_per_year,
            case.tokens_per_year,
            case.rate,
            int(case.years),
            fall,
        )
need_now = prices["your deal, price falling 0%"]
axes = plots.bars(
    prices,
    claim=f"Your deal needs {need_now:.2f} USD per million tokens, {need_now / received:.1f} times what is received",
    x_label="USD per million tokens, read and written",
    highlight=["received today"],
)
plots.show(axes, "Bars of the price needed in the first year under three costs of a watt, with and without a falling price, beside the price received today.")  # fmt: skip
break_even_w = needed
print(f"the identity of five factors sells {float(case.page.apps.revenue_usd_per_year) / case.power_w:.1f} USD/W a year; the ratio of a large laboratory's sales to its power gives {case.revenue_usd_per_w_year:g}: utilisation and the share sold lie between them")  # fmt: skip
table = facts.table("prices")
print(
    table[table["provider"] == "OpenAI"][
        ["model", "in_force", "input_usd_per_mtok", "output_usd_per_mtok"]
    ]
    .iloc[::6]
    .to_string(index=False)
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "stress_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 8 · Build: the whole plan under stress
#
# Now one function that takes a plan through a scenario. Read it as a contract:
#
# - A plan on the **grid** may be late by `late_months` and may run at most `grid_cap_w`. Own gas (`"onsite-gas"`)
#   is touched by neither, and costs `gas_usd_per_w` more.
# - Of the chips ordered only `chips_share` is delivered; who is not delivered is not paid. Chips arrive, are
#   paid and begin to age **at the planned start**, whether or not there is power: they are worth nothing
#   `years` after it. If power comes later than that, nothing is sold and nothing is spent on running.
# - `running_w` is what has both chips and power once the power is there.
# - A take-or-pay customer takes `take_or_pay_share` of the planned power, but never more than runs, at today's
#   price less the share `contract_discount`; its price neither ages nor falls. The rest is sold at `price_ratio` times
#   today's price at the planned start, whenever that is, and falls by `decline_per_year` with each year **after it**.
# - The site, gas and `crash_usd` are paid today for the whole `power_w`; running costs `opex_usd_per_w_year` for
#   each watt that runs, while it runs.
# - Everything flows continuously and is discounted with `δ = ln(1 + rate)` to today; `discounted_years` helps.
#
# Return a dictionary with `start_months`, when it really starts (from today), `running_w` and `npv_usd`.
#
# *Think of:* a calm scenario; a fully contracted plan when prices halve; own gas when transformers are late.


# %% nbgrader={"grade": false, "grade_id": "stress_plan", "locked": false, "schema_version": 3, "solution": true, "task": false}
def stress_plan(plan, stress, market):
    """What becomes of a plan in a scenario.

    Parameters
    ----------
    plan : dict
        power_w, power ("grid" or "onsite-gas"), start_months (planned), crash_usd, rate,
        take_or_pay_share, years.
    stress : dict
        late_months, chips_share, price_ratio, grid_cap_w.
    market : dict
        site_usd_per_w, chips_usd_per_w, gas_usd_per_w, revenue_usd_per_w_year, decline_per_year,
        opex_usd_per_w_year, contract_discount.

    Returns
    -------
    dict
        start_months, running_w, npv_usd.
    """
    ### BEGIN SOLUTION
    grid = plan["power"] == "grid"
    chips_w = plan["power_w"] * stress["chips_share"]
    running_w = min(chips_w, stress["grid_cap_w"]) if grid else chips_w
    contract_w = min(plan["take_or_pay_share"] * plan["power_w"], running_w)
    late_months = stress["late_months"] if grid else 0.0
    begin, end = min(late_months / 12, plan["years"]), plan["years"]  # years of the chips' age
    delta, gamma = math.log1p(plan["rate"]), -math.log1p(-market["decline_per_year"])
    flat, falling = (discounted_years(force, begin, end) for force in (delta, delta + gamma))
    sold_usd = market["revenue_usd_per_w_year"] * (
        contract_w * (1 - market["contract_discount"]) * flat
        + (running_w - contract_w) * stress["price_ratio"] * falling
    )
    then_usd = (
        sold_usd
        - market["opex_usd_per_w_year"] * running_w * flat
        - market["chips_usd_per_w"] * chips_w
    )
    site_usd_per_w = market["site_usd_per_w"] + (0.0 if grid else market["gas_usd_per_w"])
    today_usd = plan["crash_usd"] + site_usd_per_w * plan["power_w"]
    return {
        "start_months": plan["start_months"] + late_months,
        "running_w": running_w,
        "npv_usd": float(then_usd * math.exp(-delta * plan["start_months"] / 12) - today_usd),
    }
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_stress_plan", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
_plan = {
    "power_w": 1e9,
    "power": "grid",
    "start_months": 40.0,
    "crash_usd": 5e8,
    "rate": 0.1,
    "take_or_pay_share": 0.4,
    "years": 5.0,
}
_market = {
    "site_usd_per_w": 12.0,
    "chips_usd_per_w": 24.0,
    "gas_usd_per_w": 1.7,
    "revenue_usd_per_w_year": 20.0,
    "decline_per_year": 0.1,
    "opex_usd_per_w_year": 0.9,
    "contract_discount": 0.2,
}
_quiet = {"late_months": 0.0, "chips_share": 1.0, "price_ratio": 1.0, "grid_cap_w": 1e9}
_parts = ("start_months", "running_w", "npv_usd")


def _part(name, plan=_plan, stress=_quiet, market=_market):
    value = check.named("stress_plan(…)", stress_plan(plan, stress, market), _parts)[name]
    check.number(f"{name} of stress_plan(…)", value)
    return value


check.same("all to plan, it starts as planned", _part("start_months"), 40.0)
check.same("all to plan, it runs as planned", _part("running_w"), 1e9)
check.rising(
    "a better price is worth more",
    lambda r: _part("npv_usd", stress=_quiet | {"price_ratio": r}),
    [0.5, 1.0, 1.5],
)
check.rising(
    "a later start is worth less",
    lambda m: -_part("npv_usd", stress=_quiet | {"late_months": m}),
    [0, 6, 12],
)
check.rising(
    "a tighter grid runs less",
    lambda w: _part("running_w", stress=_quiet | {"grid_cap_w": w}),
    [4e8, 6e8, 9e8],
)
check.ok("stress_plan: calm is as planned, and stress hurts")


### BEGIN HIDDEN TESTS
def _stressed(plan, stress, market, slip=""):
    grid = plan["power"] == "grid"
    bound = slip in ("gas capped", "gas bound")
    late = stress["late_months"] / 12 if grid or slip in ("gas late", "gas bound") else 0.0
    chips = plan["power_w"] * stress["chips_share"]
    run = min(chips, stress["grid_cap_w"]) if grid or bound else chips
    told = plan["take_or_pay_share"] * plan["power_w"]
    held = told if slip == "paid idle" else min(told, run)
    held = plan["take_or_pay_share"] * run if slip == "share of running" else held
    a, b = min(late, plan["years"]), plan["years"]
    if slip == "life moves":
        a, b = late, late + plan["years"]
    d, g = math.log(1 + plan["rate"]), -math.log(1 - market["decline_per_year"])

    def dollars(force):
        return (math.exp(-force * a) - math.exp(-force * b)) / force

    flat, falling = dollars(d), dollars(d + g)
    falling *= math.exp(-g * plan["start_months"] / 12) if slip == "falls from today" else 1.0
    price = market["revenue_usd_per_w_year"]
    fixed = held * (1 - market["contract_discount"]) * price
    fixed *= {"contract falls": stress["price_ratio"]}.get(slip, 1.0) * flat
    spot = max(run - held, 0.0) * stress["price_ratio"] * price * falling
    paid = market["chips_usd_per_w"] * (plan["power_w"] if slip == "chips paid" else chips)
    then = fixed + spot - market["opex_usd_per_w_year"] * run * flat - paid
    site = (market["site_usd_per_w"] + (0.0 if grid else market["gas_usd_per_w"])) * plan["power_w"]
    now = site + (0.0 if slip == "crash free" else plan["crash_usd"])
    planned = 0.0 if slip == "today" else plan["start_months"] / 12
    return 12 * late + plan["start_months"], run, then * math.exp(-d * planned) - now


_slips = {
    "gas late": "own gas does not wait for transformers",
    "gas capped": "the grid's cap does not bind own gas",
    "gas bound": "neither late transformers nor the grid's cap touch own gas",
    "paid idle": "a contract takes never more than runs",
    "life moves": "chips age from the planned start, whether or not there is power",
    "contract falls": "the contract's price does not fall: that is what it is for",
    "share of running": "the contract takes a share of the planned power, not of what runs",
    "falls from today": "the price falls from the planned start on, not from today",
    "chips paid": "chips that are not delivered are not paid",
    "crash free": "the crash budget is spent, too",
    "today": "what comes at the planned start is discounted to today",
}
_rng = np.random.default_rng(8)
for _trial in range(40):
    _p = {
        "power_w": float(_rng.uniform(5e8, 2e9)),
        "power": ("grid", "onsite-gas")[_trial % 2],
        "start_months": float(_rng.uniform(20, 50)),
        "crash_usd": float(_rng.uniform(1e8, 2e9)),
        "rate": float(_rng.uniform(0.05, 0.15)),
        "take_or_pay_share": float(_rng.uniform(0.2, 1)),
        "years": float(_rng.uniform(3, 8)),
    }
    _m = {k: v * float(_rng.uniform(0.7, 1.3)) for k, v in _market.items()}
    _s = {
        "late_months": float(_rng.uniform(2, 24)),
        "chips_share": float(_rng.uniform(0.5, 1)),
        "price_ratio": float(_rng.uniform(0.3, 1.3)),
        "grid_cap_w": _p["power_w"] * float(_rng.uniform(0.3, 1)),
    }
    if _trial >= 36:
        _s["late_months"] = 12 * _p["years"] + 5  # later than the chips live
    _want = dict(zip(_parts, _stressed(_p, _s, _m), strict=True))
    for _name in _parts:
        if _name == "running_w" and _trial >= 36:
            continue  # power that comes after the chips' life: whether they "run" is a word
        _hints = {
            _stressed(_p, _s, _m, slip)[_parts.index(_name)] / _want[_name]: why
            for slip, why in reversed(_slips.items())
        }
        check.agrees(
            f"{_name} of a plan with {_p['power']} in scenario {_trial + 1}",
            _part(_name, _p, _s, _m),
            _want[_name],
            hints=_hints,
        )
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "plan_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 9 · Your plan and your promise
#
# Write the plan that you would bring to the committee, a dictionary: how large (`power_w`, at most the site's),
# own gas or the grid (`power`), how much to spend on time (`crash_usd`), what money costs (`rate`), how much to
# sell in advance (`take_or_pay_share`), the life you dare to assume (`years`), and a promise.
#
# `promise_usd` is the present value that your plan keeps **in nine of ten scenarios**. It may be negative: then it is
# the loss you own up to. An exploring cell below shows when your plan starts and scenarios to practise on, drawn as the committee draws;
# come back and change plan and promise until you would sign them. Graded is not the plan, but the promise: the
# committee draws scenarios of its own (transformers up to two years late, memory short, prices down by more
# than half or up a little, a cap on the grid, several at once), and your plan should keep its promise in
# most of them, but not in every one: who promises nothing always keeps it.


# %% nbgrader={"grade": false, "grade_id": "my_plan", "locked": false, "schema_version": 3, "solution": true, "task": false}
# my_plan = {"power_w": …, "power": "grid" or "onsite-gas", "crash_usd": …, "rate": …, "take_or_pay_share": …, "years": …, "promise_usd": …}
### BEGIN SOLUTION
my_plan = {
    "power_w": 0.3 * case.power_w,
    "power": "onsite-gas",
    "crash_usd": 0.0,
    "rate": case.rate,
    "take_or_pay_share": 0.4,
    "years": case.years,
    "promise_usd": -0.188 * case.capex_usd,
}
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_my_plan", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
_asked = ("power_w", "power", "crash_usd", "rate", "take_or_pay_share", "years", "promise_usd")
_mine = check.named("my_plan", my_plan, _asked)
if _mine["power"] not in POWERS:
    raise check.CheckError(f"my_plan['power'] is {_mine['power']!r}: must be one of {', '.join(POWERS)}")  # fmt: skip
check.number("my_plan['power_w']", _mine["power_w"], low=1e6, high=case.power_w, unit="W")
check.number("my_plan['crash_usd']", _mine["crash_usd"], low=0, high=1e10, unit="USD")
check.number("my_plan['rate']", _mine["rate"], low=0.02, high=0.3)
check.number("my_plan['take_or_pay_share']", _mine["take_or_pay_share"], low=0, high=1)
check.number("my_plan['years']", _mine["years"], low=1, high=15, unit="years")
check.number("my_plan['promise_usd']", _mine["promise_usd"], low=-2e11, high=2e11, unit="USD")
if 0 < abs(_mine["promise_usd"]) < 1e6:
    raise check.CheckError("my_plan['promise_usd'] is less than a million: it is in dollars, not in billions")  # fmt: skip
check.ok("my_plan: a plan and a promise that can be put to the test")
### BEGIN HIDDEN TESTS
_kept = case.kept_share(dict(_mine), case.unseen(400, seed=30211))
if _kept < 0.82:
    raise check.CheckError(f"in {1 - _kept:.0%} of scenarios nobody had shown you, your plan is worth less than you promise: a forecast is no promise")  # fmt: skip
if _kept > 0.975:
    raise check.CheckError(f"your plan keeps its promise in {_kept:.1%} of scenarios: that is so careful that the committee learns nothing; promise what nine of ten keep")  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: your plan before the committee, at the deal's price of a watt and at that of the summed items
planned = my_plan | {"start_months": case.start_months(my_plan["power"], my_plan["crash_usd"])}


def worth_bn(plan, stress, capex_usd_per_w=None):
    return stress_plan(plan, stress, case.market(capex_usd_per_w))["npv_usd"] / 1e9


for label, stress in case.scenarios().items():
    seen = stress_plan(planned, stress, case.market())
    print(f"{label:24s} starts in {seen['start_months']:4.1f} months, runs {format_si(seen['running_w'], 'W'):>7s}: "
          f"{seen['npv_usd'] / 1e9:+6.1f} bn at {case.capex_usd_per_w:g} USD/W, {worth_bn(planned, stress, built_up):+6.1f} bn at {built_up:.1f}")  # fmt: skip
practice = np.array([worth_bn(planned, stress) for stress in case.unseen(300, seed=9)])
print(
    f"practice scenarios: median {np.median(practice):+.2f} bn, nine of ten above {np.quantile(practice, 0.1):+.2f} bn, "
    f"worst {practice.min():+.2f} bn; your promise {my_plan['promise_usd'] / 1e9:+.2f} bn is kept in {np.mean(practice >= my_plan['promise_usd'] / 1e9):.0%}"
)

# %% tags=["explore"]
# explore: take-or-pay and own gas, in scenarios nobody has shown you
unseen = case.unseen(300, seed=9)
base = dict(power_w=case.power_w, crash_usd=0.0, rate=case.rate, years=case.years)
variants = {}
for power in POWERS:
    for sold in (0.0, 0.8):
        plan = base | {
            "power": power,
            "take_or_pay_share": sold,
            "start_months": case.start_months(power, 0.0),
        }
        variants[f"{power}, {sold:.0%} sold ahead"] = np.array([worth_bn(plan, s) for s in unseen])
spread = {name: float(np.subtract(*np.quantile(v, [0.9, 0.1]))) for name, v in variants.items()}
narrow = min(spread, key=spread.get)
axes = plots.bars(
    spread,
    claim=f"“{narrow}” varies least: {spread[narrow]:.1f} bn from its tenth worst to its tenth best scenario",
    x_label="USD bn between the worst and the best tenth of 300 scenarios",
    highlight=[narrow],
)
plots.show(
    axes,
    f"Bars of how widely the value of four plans varies over unseen scenarios; the narrowest is {narrow}.",
)
for name, v in variants.items():
    print(
        f"{name:28s} mean {v.mean():+6.1f} bn, worst tenth {np.quantile(v, 0.1):+6.1f} bn, loses money in {np.mean(v < 0):4.0%} of scenarios"
    )

# %% tags=["explore"]
# explore: who finances, and who bears what: sales needed per watt, and value where prices halve
halved = case.calm | {"price_ratio": 0.5}
own = base | {
    "power": "onsite-gas",
    "take_or_pay_share": 0.0,
    "start_months": case.start_months("onsite-gas", 0.0),
}
ways = {
    "own money": {},
    "80 % take-or-pay": {"take_or_pay_share": 0.8},
    "the customer's cheaper capital": {"rate": float(rate_fact.low)},
    "both": {"take_or_pay_share": 0.8, "rate": float(rate_fact.low)},
    "a lender who fears three years": {"rate": float(rate_fact.high), "years": 3.0},
    "chips that last eight": {"years": 8.0},
}
for way, change in ways.items():
    plan = own | change
    need = (
        annuity_usd_per_year(case.capex_usd, plan["rate"], plan["years"]) + case.opex_usd_per_year
    ) / case.power_w
    print(f"{way:32s} needs {need:5.1f} USD/W a year; worth {worth_bn(plan, case.calm):+6.1f} bn to plan, {worth_bn(plan, halved):+6.1f} bn with prices halved")  # fmt: skip
without, with_it = worth_bn(own, halved), worth_bn(own | ways["80 % take-or-pay"], halved)
print(
    f"with prices halved, take-or-pay moves {with_it - without:.1f} bn from the seller to the customer; if the customer fails with the market, the seller is back at {without:+.1f} bn"
)
market = case.market()
site_bn = (market["site_usd_per_w"] + market["gas_usd_per_w"]) * case.power_w / 1e9
buyer_bn = max(without, -site_bn)
print(
    f"if the maker of the chips lends their price and may take only the chips back, the buyer loses at most the site, {site_bn:.1f} bn; "
    f"with prices halved the maker bears {buyer_bn - without:.1f} bn: the loss has moved, it is no smaller"
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "explain_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Explain what a month is worth
#
# In 150 to 300 words, with numbers from your case:
#
# 1. What is a month worth in each of the three regimes, and why do the signs differ? Under which of them is
#    *time to compute rather than amount of compute* (44:18) good advice? What would have to change in price, sales
#    or life so that it is, before anything is spent?
# 2. Why does the project end later than its mean durations say, and why does the last half billion buy less
#    than the first? What does concentration (44:32) gain, and what does it cost?

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}
# See the rubric for a strong and a weak answer.

# %% [markdown] nbgrader={"grade": false, "grade_id": "decide_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Advise
#
# The committee has three answers:
#
# - **sign**: build all of it now;
# - **stage**: build a part now, which is dearer for its size, and decide on the rest when the future is known;
#   the rest then has permits, roads and places in queues, and lands when the first part does;
# - **wait**: build nothing, learn whether prices follow their trend or fall well below it, and only then begin
#   a project, if it pays.
#
# The next cells compute the expected value of each, the same way for everyone; they do not use your functions.
# The site is paid when building starts; chips are paid, and sales begin, when it has landed. How likely the
# good future is, how bad the other, how large a first stage and how long it takes to learn are beliefs: rows of
# the table `datacenter-capex` marked as estimates.

# %% nbgrader={"grade": false, "grade_id": "decide_model", "locked": true, "schema_version": 3, "solution": false, "task": false}
inputs = case.inputs()
built_up = float(infra.campus_capex(case.power_w).usd_per_facility_w)
beliefs = scenario.lab09.beliefs()
used = {
    "rate": facts.value("datacenter-capex/rate"),
    "years": facts.value("datacenter-capex/life-it"),
    "decline_per_year": facts.value("datacenter-capex/fleet-ageing"),
    **beliefs,
}
ranges = {
    "capex_usd_per_w": (built_up, 1.1 * case.capex_usd_per_w),
    "revenue_usd_per_w_year": (0.5 * case.revenue_usd_per_w_year, 3 * case.revenue_usd_per_w_year),
    "start_months": tuple(case.start_range_months("onsite-gas")),
    **{name: (float(fact.low), float(fact.high)) for name, fact in used.items()},
}
print(facts.sources(*used.values()))
print(
    "capital runs from the sum of its items to a tenth above your deal, sales from half to three times today's, the start from the tenth soonest to the tenth latest project; argue with them"
)


def value_usd(option, **given):
    """Expected present value of an answer [USD]."""
    return case.value_usd(option, **given)


# %% tags=["explore"]
# explore: the three answers, at your deal's price and at that of the summed items
answers = {option: value_usd(option, **inputs) for option in OPTIONS}
cheaper = {option: value_usd(option, **case.inputs(capex_usd_per_w=built_up)) for option in OPTIONS}
for option in OPTIONS:
    print(f"{option:6s} {answers[option] / 1e9:+7.1f} bn at {case.capex_usd_per_w:g} USD/W, {cheaper[option] / 1e9:+7.1f} bn at {built_up:.1f}")  # fmt: skip
best, best_cheaper = max(answers, key=answers.get), max(cheaper, key=cheaper.get)
print(
    f"“{best}” is worth most at your deal's price, “{best_cheaper}” at the other: the price of a watt alone {'changes' if best != best_cheaper else 'does not change'} the advice"
)
multiples = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
print(
    "which answer is worth most, by cost of a watt (rows) and sales of a watt over today's (columns)"
)
print(f"{'':12s}" + "".join(f"{f'× {m:g}':>8s}" for m in multiples))
for capex in (case.capex_usd_per_w, float(epoch), built_up, 0.7 * built_up):
    row = []
    for m in multiples:
        at = case.inputs(
            capex_usd_per_w=capex, revenue_usd_per_w_year=m * case.revenue_usd_per_w_year
        )
        row.append(max(OPTIONS, key=lambda option, at=at: value_usd(option, **at)))
    print(f"{capex:5.1f} USD/W " + "".join(f"{name:>8s}" for name in row))

# %% tags=["explore"]
# explore: which number turns the advice, one at a time and two together


def lead(**given):
    return value_usd("sign", **given) - value_usd("wait", **given)


searched = {"capex_usd_per_w": (2, 100), "revenue_usd_per_w_year": (2, 150), "years": (1, 30), "rate": (0.0, 0.3),
            "decline_per_year": (0.0, 0.5), "start_months": (0, 60), "good_probability": (0, 1), "bad_price_ratio": (0, 1)}  # fmt: skip


def turns(base):
    """Say which single numbers turn the lead, and which do not."""
    flips = {n: decision.flip_value(lead, base, n, *ends, rtol=1e-6) for n, ends in searched.items()}  # fmt: skip
    turning = [f"{n} = {x:.3g}" for n, x in flips.items() if not math.isnan(x)]
    never = [n for n, x in flips.items() if math.isnan(x)]
    return f"signing overtakes waiting at {' or '.join(turning) or 'no value searched'}; none of {', '.join(never) or 'the others'} is enough by itself"


print(f"at {case.capex_usd_per_w:g} USD/W {turns(inputs)}")
print(f"at {built_up:.1f} USD/W {turns(case.inputs(capex_usd_per_w=built_up))}")
together = case.inputs(capex_usd_per_w=built_up, years=8.0)
print(f"at {built_up:.1f} USD/W and with chips that last eight years, {turns(together)}")
frame = decision.tornado(lambda **given: lead(**given) / 1e9, inputs, ranges)
axes = plots.tornado(
    frame,
    claim=f"What the lead of signing over waiting hangs on: {frame.index[0].replace('_', ' ')} first",
    x_label="lead, USD bn",
    base=lead(**inputs) / 1e9,
)
plots.show(axes, f"Tornado chart: how far each input moves the lead of signing over waiting; the widest bars are {' and '.join(frame.index[:2]).replace('_', ' ')}.")  # fmt: skip

# %% [markdown] nbgrader={"grade": false, "grade_id": "memo_ask", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Write **one page, at most 500 words,** to the investment committee: a memo that a person can act upon.
#
# - The advice in the first sentence: sign, stage or wait; how large; own gas or the grid.
# - The money: what it costs, what it must sell, at which price, over which life; who finances it and who bears
#   what (take-or-pay, the seller's credit, whose cost of capital).
# - Time: when it lands with which confidence, what you would pay for a month, and until when that holds.
# - Risk: what your plan does in three scenarios of which at least two go wrong at once, and the numbers at
#   which you would change your mind. How would the committee learn them, by when, and for how much?
# - What the model leaves out that matters most. Who gains if the committee believes the lecture?

# %% [markdown] nbgrader={"grade": true, "grade_id": "memo", "locked": false, "points": 10, "schema_version": 3, "solution": true, "task": false}
# See the rubric for a strong and a weak answer.

# %% [markdown] nbgrader={"grade": false, "grade_id": "calibrate_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## How honest were your intervals?
#
# About four in five of your intervals should hold the outcome. The score is in decades: the width of
# the interval, plus ten times the miss. Lower is better.

# %% tags=["explore"]
# explore: your predictions against what came out
outcomes = {
    "break_even_usd_per_w_year": needed,
    "merge_bias_months": merge_bias,
    "saved_months": bought["onsite-gas"],
    "sunk_month_usd_bn": month_usd["sunk"] / 1e9,
}
score = check.calibration(predictions, outcomes)
print(score.to_string(float_format=lambda x: f"{x:.3g}"))
print(
    f"{score['inside'].sum()} of {len(score)} inside; mean score {score['score'].mean():.2f} decades"
)
