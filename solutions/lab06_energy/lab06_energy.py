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
# # Lab 6 · Power
#
# A training site breathes: hundreds of thousands of accelerators compute together and wait together.
# What does the grid feel, what would it cost to spare it, what is power worth that comes years
# earlier, and what should the owner of the grid ask for?
#
# | lecture | what was said |
# | --- | --- |
# | 11:23 | today's chips are brittle: sensitive to cooling and power, they throttle quickly |
# | 12:28 | a gigawatt site is a large consumer, and a training job goes up and down in step |
# | 12:43 | the grid sees swings of hundreds of megawatts within moments |
# | 12:53 | a grid could fall apart and black out a whole state |
# | 13:35 | so decouple from the grid: natural gas now, nuclear later |
# | 15:00 | the hyperscalers plan about 100 GW, a fifth of the grid or more |
# | 38:20 | go long the lowest layer: transformers, batteries, generation, distribution, cooling |
#
# You will write the eight functions that decide how much of this table holds, solve the hours of a
# year, and then choose how a site gets its power.
#
# **How it works.** *Predict* → *build* → *simulate* → *explain* → *decide*. Cells that say
# `YOUR CODE HERE` are yours; the cell below each of them checks your function and says in one
# sentence what is wrong, never what the answer is. When you are graded, more cases are tried. Cells
# marked *explore* are never graded: change them, break them. Two written answers are read by a
# person. Everything is in SI units (watts, joules, seconds) unless a name ends otherwise, such as
# `_usd_per_mwh`; `share` means a number from 0 to 1. Run the cells from top to bottom.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math

import numpy as np

from supercycle import check, decision, energy, facts, infra, plots, scenario
from supercycle.units import (
    GIGAWATT,
    HOUR_S,
    HOURS_PER_YEAR,
    KWH_J,
    MEGAWATT,
    MINUTE_S,
    MWH_J,
    YEAR_S,
    format_si,
    format_usd,
)

# What you are about to write stands in the library, too; here it is withheld.
check.withhold(
    "energy.job_power_w",
    "energy.max_ramp_w_per_s",
    "energy.battery_periodic",
    "energy.battery_step",
    "energy.burn_usd_per_year",
    "energy.lcoe_usd_per_mwh",
    "energy.sync_throughput_share",
    "energy.sync_steps_hit_share",
    "energy.power_premium_for_delay_usd_per_mwh",
    "energy.months_that_pay",
)

case = scenario.draw("lab06")  # your own case: a site, its grid and its fuel
job = case.job()  # one synchronous job that fills the site
print(f"your case ({case.code}): {format_si(case.power_w, 'W')} at the meter, PUE {case.pue:g}")
print(
    f"one job on {job.gpus:,.0f} × {case.chip}, a step of {case.step_s:g} s, half of it computing; "
    f"machines waiting draw {case.idle_share:.0%}"
)
print(f"the utility allows {case.ramp_limit_w_per_s * MINUTE_S / MEGAWATT:.0f} MW a minute")
print(
    f"the grid: {case.grid_wait_years:g} years' wait, then {format_usd(case.grid_usd_per_mwh)}/MWh; "
    f"gas: {format_usd(case.gas_usd_per_mwh_heat)} per MWh of heat"
)
print(f"the running site sells {format_usd(case.revenue_usd_per_year)} a year")

# %% [markdown] nbgrader={"grade": false, "grade_id": "predict_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Predict
#
# Before any arithmetic: five guesses for **your case**. Write each as `(low, best, high)`, an interval
# you would bet on four to one. Nobody grades whether you are right; at the end you see whether your
# intervals were honest.
#
# - `swing_mw`: highest less lowest power of the job at the meter, in megawatts
# - `cycle_store_kwh`: energy of the smallest battery that keeps the *running* job under the utility's
#   ramp limit, in kilowatt-hours
# - `stop_store_mwh`: energy of the battery that does so when the job *stops* without warning, in
#   megawatt-hours
# - `sales_days`: days of sales that pay for a whole year of electricity
# - `weather_usd_per_mwh`: what a megawatt-hour costs if sun, wind and batteries alone serve the site
#   in every hour of a year

# %% nbgrader={"grade": false, "grade_id": "predictions", "locked": false, "schema_version": 3, "solution": true, "task": false}
# predictions = {"swing_mw": (low, best, high), ...}
### BEGIN SOLUTION
predictions = {
    "swing_mw": (50, 300, 900),
    "cycle_store_kwh": (10, 1000, 100_000),
    "stop_store_mwh": (1, 50, 500),
    "sales_days": (5, 60, 300),
    "weather_usd_per_mwh": (50, 120, 300),
}
### END SOLUTION

# %% tags=["explore"]
# explore: are these five intervals?
for name in ("swing_mw", "cycle_store_kwh", "stop_store_mwh", "sales_days", "weather_usd_per_mwh"):
    check.prediction(name, predictions.get(name))
check.ok("five predictions, stored for the end of the lab")

# %% tags=["explore"]
# explore: how large is the site, and what the hyperscalers plan, beside the grid (15:00)?
for what, watts in (
    ("your site", case.power_w),
    ("the plans", facts.value("energy/hyperscaler-plan")),
):
    part = energy.grid_share(watts)
    print(
        f"{what:9s} {format_si(watts, 'W'):>7s}: {part.of_average:6.2%} of the average load of the US, "
        f"{part.of_capacity:6.2%} of its generating capacity"
    )
lost_w = facts.value("energy/load-lost-virginia-2024")
print(f"data centres that left the grid at one blow in July 2024: {format_si(lost_w, 'W')}")
print(facts.sources(facts.value("energy/hyperscaler-plan"), lost_w))
print("what your case was drawn around:")
drawn_around = ("us-industrial-price-2025", "lead-time-grid-connection-us-2026", "us-gas-price-2025",
                "gas-delivery-2025", "ramp-limit-example")  # fmt: skip
print(facts.sources(*(facts.value(f"energy/{row}") for row in drawn_around)))

# %% [markdown] nbgrader={"grade": false, "grade_id": "job_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 1 · Build: a job that moves in step
#
# A synchronous job repeats one step: for `compute_s` every accelerator computes and draws
# `compute_w`, then for `communicate_s` all of them wait for the network and draw `communicate_w`. The
# first step begins at time 0, and the pattern goes on for ever. Write the power of the **whole** job.
# At the moment of an edge, the new phase has begun.
#
# *Think of:* a job that never waits; a moment far into the run; many moments at once, as an array.


# %% nbgrader={"grade": false, "grade_id": "job_power_w", "locked": false, "schema_version": 3, "solution": true, "task": false}
def job_power_w(time_s, gpus, compute_w, communicate_w, compute_s, communicate_s):
    """Power of a synchronous job.

    Parameters
    ----------
    time_s : float or array of shape (n,)
        Seconds since the first step began, at least 0.
    gpus : float
        Accelerators that move in step.
    compute_w, communicate_w : float
        Power of one accelerator in each phase [W].
    compute_s, communicate_s : float
        Length of each phase [s].

    Returns
    -------
    float or array of shape (n,)
        Watts, all accelerators together.
    """
    ### BEGIN SOLUTION
    phase_s = np.mod(time_s, compute_s + communicate_s)
    return gpus * np.where(phase_s < compute_s, compute_w, communicate_w)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_job_power_w", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
_job = dict(gpus=1e5, compute_w=1400.0, communicate_w=700.0, compute_s=1.0, communicate_s=0.5)
check.number("job_power_w(0.25, …)", job_power_w(0.25, **_job), low=1, high=1e10, unit="W")
check.same(
    "the pattern repeats after a step", job_power_w(0.25, **_job), job_power_w(1500.25, **_job)
)
check.same(
    "a job that never waits is flat",
    job_power_w(np.linspace(0, 9, 7), **{**_job, "communicate_s": 0.0}),
    np.full(7, job_power_w(0.0, **_job)),
)
check.rising("computing takes more than waiting", lambda t: job_power_w(t, **_job), [1.25, 0.25])
check.ok("job_power_w: repeats, and computing comes first")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(61)
for _ in range(10):
    _n, _hi, _a, _b = (
        _rng.uniform(1e4, 1e6),
        _rng.uniform(800, 2000),
        _rng.uniform(0.4, 2),
        _rng.uniform(0.4, 2),
    )
    _lo, _k = _hi * _rng.uniform(0.2, 0.8), int(_rng.integers(0, 9))
    _slips = {1 / _n: "that is one accelerator: all of them move together"}
    _first = _a / 2 + _k * (_a + _b)
    check.agrees(
        f"in the middle of computing, step {_k + 1}", job_power_w(_first, _n, _hi, _lo, _a, _b), _n * _hi,
        hints=_slips | {_lo / _hi: "this moment lies in the computing phase: does every step begin anew?"},
    )  # fmt: skip
    check.agrees(
        f"shortly after computing ends, step {_k + 1}",
        job_power_w(_k * (_a + _b) + _a + 0.02, _n, _hi, _lo, _a, _b), _n * _lo,
        hints=_slips | {_hi / _lo: "each phase has its own length, and computing is over by now"},
    )  # fmt: skip
    check.agrees(
        f"shortly before computing ends, step {_k + 1}",
        job_power_w(_k * (_a + _b) + _a - 0.02, _n, _hi, _lo, _a, _b), _n * _hi,
        hints=_slips | {_lo / _hi: "each phase has its own length, and computing goes on"},
    )  # fmt: skip
check.agrees("at an edge the new phase has begun", job_power_w(1.0, 10, 5.0, 2.0, 1.0, 1.0), 20.0)
check.agrees(
    "an array of moments",
    job_power_w(np.array([0.0, 0.5, 1.0, 1.5, 2.0]), 10, 5.0, 2.0, 1.0, 1.0),
    np.array([50.0, 50.0, 20.0, 20.0, 50.0]),
)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: three steps of your job, and what the same machines would do without a common clock
dt_s = case.step_s / 40
moments_s = np.arange(120) * dt_s
phases = (job.gpus, job.compute_w, job.communicate_w, job.compute_s, job.communicate_s)
trace_w = job_power_w(moments_s, *phases)
swing_w = float(trace_w.max() - trace_w.min())
alone_w = np.sqrt(job.gpus) * (job.compute_w - job.communicate_w) / 2  # each with its own clock
axes = plots.sweep(
    moments_s,
    {"in step": trace_w / MEGAWATT, "each on its own": np.full(120, trace_w.mean() / MEGAWATT)},
    claim=f"Moving in step, {job.gpus:,.0f} accelerators swing the meter by {swing_w / MEGAWATT:.0f} MW",
    x_label="seconds",
    y_label="megawatts at the meter",
)
axes.set_ylim(bottom=0)
plots.show(
    axes,
    "Power over three training steps: a square wave, beside a flat line for machines with clocks of their own.",
)
print(
    f"with a clock of their own each, they would scatter by {format_si(alone_w, 'W')} (one standard deviation)"
)
print(facts.sources(facts.value("energy/gpu-idle-share")))

# %% [markdown] nbgrader={"grade": false, "grade_id": "ramp_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 2 · Build: how fast is fast?
#
# A *ramp* is a change of power per time, up **or down**. It depends on the time over which one looks:
# utilities speak of megawatts a minute, a generator's shaft feels tenths of a second. From a trace of
# power at equal steps, write the largest change over `window_s`, **per second**. The window is a whole
# number of steps.
#
# *Think of:* a flat trace; one that only falls; a window as long as one period of the job; how many
# steps of 0.1 s a computer finds in 0.3 s.


# %% nbgrader={"grade": false, "grade_id": "max_ramp_w_per_s", "locked": false, "schema_version": 3, "solution": true, "task": false}
def max_ramp_w_per_s(power_w, step_s, window_s):
    """Largest change of power over a window, per second.

    Parameters
    ----------
    power_w : list or array of shape (n,)
        Watts at equal steps of time.
    step_s : float
        Seconds between two samples.
    window_s : float
        Seconds over which the change is taken, a whole number of steps, shorter than the trace.

    Returns
    -------
    float
        Watts per second, never negative.
    """
    ### BEGIN SOLUTION
    power = np.asarray(power_w, dtype=float)
    lag = round(window_s / step_s)
    change_w = power[lag:] - power[:-lag]
    return float(np.max(np.abs(change_w)) / window_s)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_max_ramp_w_per_s", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
_square = np.tile([3e8, 3e8, 1e8, 1e8], 10)
check.number(
    "max_ramp_w_per_s(…)", max_ramp_w_per_s(_square, 0.5, 0.5), low=1e6, high=1e11, unit="W/s"
)
check.same("a flat trace has no ramp", max_ramp_w_per_s(np.full(9, 5e8), 0.5, 1.0), 0.0)
check.same(
    "a trace read backwards ramps as fast",
    max_ramp_w_per_s([0, 1e6, 4e6, 4e6], 1.0, 1.0),
    max_ramp_w_per_s([4e6, 4e6, 1e6, 0], 1.0, 1.0),
)
check.same("over a whole period nothing has changed", max_ramp_w_per_s(_square, 0.5, 2.0), 0.0)
check.ok("max_ramp_w_per_s: up and down alike, over the window asked for")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(62)
for _ in range(12):
    _dt, _lag = float(_rng.choice([0.25, 0.5, 2.0])), int(_rng.integers(2, 6))
    _p = 5e8 + np.cumsum(_rng.normal(0, 1e7, 60))
    _at = int(_rng.integers(20, 40))
    _p[_at:] -= 3e8 * np.sign(_p[_at])  # the largest change is a fall
    _change = _p[_lag:] - _p[:-_lag]
    _want = float(np.abs(_change).max() / (_lag * _dt))
    _one = np.diff(_p)
    check.agrees(
        f"a trace of 60 samples every {_dt:g} s, over a window of {_lag * _dt:g} s",
        max_ramp_w_per_s(_p, _dt, _lag * _dt), _want,
        hints={float(_change.max()) / (_lag * _dt) / _want: "a fall is a ramp, too",
               float(_lag * _dt): "per second: divide by the window",
               float(_lag): "the change took the whole window, not one step",
               float(np.abs(_one).max()) / _dt / _want: "the window is longer than one step: compare samples that far apart",
               float(np.abs(_one).max()) / (_lag * _dt) / _want: "compare samples that are a window apart",
               float(np.ptp(_p)) / (_lag * _dt) / _want: "highest less lowest of the whole trace may lie further apart than the window"},
    )  # fmt: skip
check.agrees(
    "a window of 0.3 s over samples every 0.1 s", max_ramp_w_per_s([0, 1e6, 3e6, 6e6, 10e6, 15e6], 0.1, 0.3), 4e7,
    hints={9 / 12: "0.3 / 0.1 is a hair less than 3 in floating point: round the number of steps, do not cut it"},
)  # fmt: skip
check.agrees(
    "a list, one step as the window", max_ramp_w_per_s([0, 1e6, 1e6, 0.5e6], 0.5, 0.5), 2e6
)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: the same site, looked at through windows of growing length (means of each window compared)
long_w = job_power_w(np.arange(20_000) * dt_s, *phases)
windows = [
    1,
    2,
    4,
    10,
    20,
    *(20 * (2 * k + 1) for k in (1, 2, 4, 8, 16, 32, 64)),
]  # half periods, odd
seen = {}
for samples in windows:
    means_w = long_w[: len(long_w) // samples * samples].reshape(-1, samples).mean(axis=1)
    seen[samples * dt_s] = max_ramp_w_per_s(means_w, samples * dt_s, samples * dt_s)
per_minute = {window_s: ramp * MINUTE_S / MEGAWATT for window_s, ramp in seen.items()}
allowed = case.ramp_limit_w_per_s * MINUTE_S / MEGAWATT
shortest, longest = min(per_minute), max(per_minute)
slower = float(f"{per_minute[shortest] / per_minute[longest]:.1g}")
axes = plots.sweep(
    list(per_minute),
    {"your site": list(per_minute.values())},
    claim=f"A meter that averages over {longest:.0f} s sees a ramp {slower:,.0f} times slower",
    x_label="seconds over which the meter averages",
    y_label="steepest ramp, MW a minute",
    log="xy",
    target=(allowed, "allowed"),
)
plots.show(
    axes,
    "Steepest ramp over the averaging window, both axes logarithmic: it falls steeply as the window grows, towards the utility's limit.",
)
for window_s, ramp in per_minute.items():
    print(
        f"meter averages over {window_s:7.2f} s: {ramp:12,.1f} MW a minute, {ramp / allowed:10,.1f} times what is allowed"
    )

# %% [markdown] nbgrader={"grade": false, "grade_id": "periodic_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 3 · Build: a battery for the running job
#
# Between the job and the grid stands a battery. The grid's power may change by at most `r =
# ramp_limit_w_per_s`; the battery gives or takes the difference. Take the running job as a square wave:
# half of each period $T$ high, half low, the levels `swing_w` apart ($\Delta P$). The controller knows
# the steps ahead, and nothing is lost in the battery.
#
# Then the best the grid can do is to be **in the middle at each edge**. If $r$ is large, it climbs from
# the middle to the high level, waits, and is back in the middle at the next edge. If $r$ is so small
# that it cannot reach the level in a quarter of a period, it goes up for a quarter and down for a
# quarter, in a triangle. Draw both. Return the smallest battery as `(power_w, energy_j)`: the largest
# power it gives, and the energy it gives during one high phase (the area between load and grid).
#
# *Think of:* $r \to \infty$; $r = 0$; the limit at which both drawings are the same.


# %% nbgrader={"grade": false, "grade_id": "battery_periodic_w_j", "locked": false, "schema_version": 3, "solution": true, "task": false}
def battery_periodic_w_j(swing_w, period_s, ramp_limit_w_per_s):
    """Smallest battery that keeps a square wave's ramp under a limit.

    Parameters
    ----------
    swing_w : float
        High less low power [W].
    period_s : float
        Length of one period, half of it high [s].
    ramp_limit_w_per_s : float
        How fast the grid's power may change [W/s]; 0 asks for a flat grid.

    Returns
    -------
    (float, float)
        Power [W] and energy [J].
    """
    ### BEGIN SOLUTION
    if ramp_limit_w_per_s * period_s / 4 >= swing_w / 2:  # the grid reaches the level
        energy_j = swing_w**2 / (4 * ramp_limit_w_per_s)
    else:
        energy_j = swing_w * period_s / 4 - ramp_limit_w_per_s * period_s**2 / 16
    return swing_w / 2, energy_j
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_battery_periodic_w_j", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
_p, _e = check.numbers(
    "battery_periodic_w_j(3e8, 2.0, 1e6)",
    battery_periodic_w_j(3e8, 2.0, 1e6),
    count=2,
    low=1e3,
    high=1e11,
)
check.number("the energy for a flat grid", battery_periodic_w_j(3e8, 2.0, 0.0)[1], low=1, high=1e11)
_fast = battery_periodic_w_j(3e8, 2.0, math.inf)
check.same("with any ramp allowed no energy is needed", _fast[1], 0.0)
check.same("the converter's power does not depend on the limit", _fast[0], _p)
check.rising(
    "a tighter limit needs more energy",
    lambda r: battery_periodic_w_j(3e8, 2.0, -r)[1],
    [-1e10, -1e9, -2e8, -1e8, -1e6],
)
check.rising(
    "a larger swing needs more", lambda p: battery_periodic_w_j(p, 2.0, 1e7)[1], [1e7, 1e8, 1e9]
)
check.ok("battery_periodic_w_j: limits, and the power that no rule removes")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(63)
check.agrees(
    "a grid that must stay flat gives and takes half the swing for half the period",
    battery_periodic_w_j(4e8, 3.0, 0.0)[1], 4e8 / 2 * 3.0 / 2,
    hints={2.0: "around the middle the battery carries half the swing, not all of it",
           1 / HOUR_S: "joules were asked for: watts times seconds"},
)  # fmt: skip
for _ in range(20):
    _dp, _t = _rng.uniform(5e7, 8e8), _rng.uniform(0.5, 20)
    _edge = 2 * _dp / _t
    for _what, _r in (
        ("a loose limit", _edge * _rng.uniform(1.2, 50)),
        ("a tight limit", _edge * _rng.uniform(1e-3, 0.8)),
        ("a limit just too tight", _edge * _rng.uniform(0.85, 0.95)),
        ("a limit just loose enough", _edge * _rng.uniform(1.05, 1.2)),
    ):
        _loose, _tight = _dp**2 / (4 * _r), _dp * _t / 4 - _r * _t**2 / 16
        _want = _loose if _r >= _edge else _tight
        _got = battery_periodic_w_j(_dp, _t, _r)
        check.agrees(
            f"power under {_what}", _got[0], _dp / 2,
            hints={2.0: "if the grid is in the middle at the edge, the battery carries half the step"},
        )  # fmt: skip
        check.agrees(
            f"energy under {_what}", _got[1], _want,
            hints={0.5: "the battery gives on both sides of the middle: climbing to the level and coming back",
                   _loose / _want: "the grid cannot reach the level in a quarter of a period: it goes in a triangle",
                   _tight / _want: "the grid reaches the level and waits there: two small triangles are left",
                   1 / HOUR_S: "joules were asked for: watts times seconds",
                   (_dp * _t / 4) / _want: "while it climbs, the grid carries a part of the step"},
        )  # fmt: skip
_dp, _t = 3e8, 2.0
check.agrees(
    "where both drawings meet", battery_periodic_w_j(_dp, _t, 2 * _dp / _t)[1], _dp * _t / 8
)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: a solver that knows nothing of your drawing plans the same battery, step by step
one_period_w = job_power_w(np.arange(40) * dt_s, *phases)
for mw_per_minute in (allowed, 100 * allowed, 1e4 * allowed):
    limit = mw_per_minute * MEGAWATT / MINUTE_S
    planned = energy.smooth(
        one_period_w, dt_s, limit, round_trip_efficiency=1.0, dump=False
    ).battery
    mine = battery_periodic_w_j(swing_w, case.step_s, limit)
    print(
        f"{mw_per_minute:9,.0f} MW a minute: solver {planned.power_w / MEGAWATT:6.1f} MW, {planned.energy_j / KWH_J:6.2f} kWh; "
        f"yours {mine[0] / MEGAWATT:6.1f} MW, {mine[1] / KWH_J:6.2f} kWh"
    )
print(
    "(the solver's grid moves while the load jumps within one step of its clock, so loose limits look easier to it)"
)

# %% tags=["explore"]
# explore: what the regulator's favourite number does, and what it does not do
limits = np.geomspace(1, 1e6, 60)  # MW a minute
sizes = [battery_periodic_w_j(swing_w, case.step_s, x * MEGAWATT / MINUTE_S) for x in limits]
flat_j = swing_w * case.step_s / 4
axes = plots.sweep(
    limits,
    {
        "power, share of the swing": [p / swing_w for p, _ in sizes],
        "energy, share of a flat grid's": [e / flat_j for _, e in sizes],
    },
    claim=f"No ramp limit makes the converter smaller than {sizes[0][0] / swing_w:.0%} of the swing",
    x_label="ramp that the utility allows, MW a minute",
    y_label="share",
    log="x",
)
axes.set_ylim(0, 1.05)
plots.show(
    axes,
    "Two lines over the ramp limit, logarithmic: the power of the battery is flat at half the swing, its energy falls to zero only at very loose limits.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "step_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 4 · Build: a battery for a stop
#
# A job crashes: within a moment the site's power falls by `swing_w`, and **nobody knew it before**. The
# grid was at the level of the load when it happened and may only change by `ramp_limit_w_per_s`. The
# battery must take over the whole difference and hold it until the grid has caught up. (A start is the
# same the other way round.) Return `(power_w, energy_j)`. Without any ramp the battery would have to
# carry the load for ever: raise a `ValueError` when the limit is not positive.
#
# *Think of:* no step; $r \to \infty$; twice the step.


# %% nbgrader={"grade": false, "grade_id": "battery_step_w_j", "locked": false, "schema_version": 3, "solution": true, "task": false}
def battery_step_w_j(swing_w, ramp_limit_w_per_s):
    """Smallest battery for a start or a stop that nobody foresaw.

    Parameters
    ----------
    swing_w : float
        Size of the step [W].
    ramp_limit_w_per_s : float
        How fast the grid's power may change, above 0 [W/s].

    Returns
    -------
    (float, float)
        Power [W] and energy [J].
    """
    ### BEGIN SOLUTION
    if not ramp_limit_w_per_s > 0:
        raise ValueError(f"ramp_limit_w_per_s = {ramp_limit_w_per_s}: must be > 0")
    catching_up_s = swing_w / ramp_limit_w_per_s
    return swing_w, swing_w * catching_up_s / 2
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_battery_step_w_j", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
_p, _e = check.numbers(
    "battery_step_w_j(3e8, 2e5)", battery_step_w_j(3e8, 2e5), count=2, low=1e6, high=1e13
)
check.same("no step needs no battery", battery_step_w_j(0.0, 2e5), (0.0, 0.0))
check.same("with any ramp allowed no energy is needed", battery_step_w_j(3e8, math.inf)[1], 0.0)
check.same("twice the step needs four times the energy", battery_step_w_j(6e8, 2e5)[1], 4 * _e)
check.refuses("a grid that may not move at all", lambda: battery_step_w_j(3e8, 0.0))
check.ok("battery_step_w_j: a triangle, and a limit that cannot be kept is refused")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(64)
for _ in range(20):
    _dp, _r = _rng.uniform(1e7, 2e9), _rng.uniform(1e4, 1e8)
    _got = battery_step_w_j(_dp, _r)
    check.agrees(
        f"power for a step of {_dp / MEGAWATT:.0f} MW", _got[0], _dp,
        hints={0.5: "nobody foresaw it: the grid is not in the middle, the battery takes the whole step"},
    )  # fmt: skip
    check.agrees(
        f"energy for a step of {_dp / MEGAWATT:.0f} MW", _got[1], _dp**2 / (2 * _r),
        hints={2.0: "the grid takes over bit by bit: a triangle, not a rectangle",
               0.5: "a formula for the foreseen swing: here the battery starts with the whole step",
               1 / HOUR_S: "joules were asked for: watts times seconds"},
    )  # fmt: skip
check.agrees("a tiny step and a tiny limit", battery_step_w_j(3.0, 0.5)[1], 9.0)
check.refuses("a negative limit", lambda: battery_step_w_j(3e8, -1e5))
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: the two batteries of your site, in energy and in money
power_usd_per_w = facts.value("energy/battery-capex-power-2025")
energy_usd_per_wh = facts.value("energy/battery-capex-energy-2025")
batteries = {
    "the running job": battery_periodic_w_j(swing_w, case.step_s, case.ramp_limit_w_per_s),
    "a stop of the job": battery_step_w_j(swing_w, case.ramp_limit_w_per_s),
    "a stop of the site": battery_step_w_j(case.power_w, case.ramp_limit_w_per_s),
}
battery_usd = {
    name: watts * power_usd_per_w + joules / HOUR_S * energy_usd_per_wh
    for name, (watts, joules) in batteries.items()
}
for name, (watts, joules) in batteries.items():
    print(
        f"{name:18s}: {watts / MEGAWATT:6.0f} MW and {joules / MWH_J:8.3f} MWh, {format_usd(battery_usd[name])}, "
        f"{battery_usd[name] / case.power_w:.2f} USD per watt of the site"
    )
ratio = batteries["a stop of the job"][1] / batteries["the running job"][1]
print(f"a stop needs {ratio:,.0f} times the energy of the cycle, and only twice the power")
print(facts.sources(power_usd_per_w, energy_usd_per_wh))

# %% [markdown] nbgrader={"grade": false, "grade_id": "burn_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 5 · Build: the other way, burning power
#
# There is a way without a battery: when the accelerators wait, let them multiply zeros, or switch on a
# bank of resistors, so that the valleys are filled and the grid sees a flat load. `duty` is the share
# of time at *high* power. Write what the burnt energy of a year costs. A year has 8,760 hours
# (`HOURS_PER_YEAR`).
#
# *Think of:* a job that is always high; power that is free; twice the price.


# %% nbgrader={"grade": false, "grade_id": "burn_usd_per_year", "locked": false, "schema_version": 3, "solution": true, "task": false}
def burn_usd_per_year(swing_w, duty, price_usd_per_mwh):
    """Price of filling every valley with burnt power.

    Parameters
    ----------
    swing_w : float
        High less low power [W].
    duty : float
        Share of time at high power.
    price_usd_per_mwh : float
        [USD/MWh].

    Returns
    -------
    float
        USD per year.
    """
    ### BEGIN SOLUTION
    mean_burnt_mw = swing_w * (1 - duty) / MEGAWATT
    return mean_burnt_mw * HOURS_PER_YEAR * price_usd_per_mwh
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_burn_usd_per_year", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number(
    "burn_usd_per_year(3e8, 0.6, 80)",
    burn_usd_per_year(3e8, 0.6, 80.0),
    low=1e6,
    high=1e12,
    unit="USD/yr",
)
check.same("a job that is always high burns nothing", burn_usd_per_year(3e8, 1.0, 80.0), 0.0)
check.same("free power costs nothing to burn", burn_usd_per_year(3e8, 0.5, 0.0), 0.0)
check.rising("deeper valleys cost more", lambda p: burn_usd_per_year(p, 0.5, 80.0), [0, 1e8, 5e8])
check.ok("burn_usd_per_year: valleys, hours and dollars")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(65)
for _ in range(15):
    _dp, _d, _usd = (
        _rng.uniform(1e7, 1e9),
        float(_rng.choice([0.2, 0.3, 0.65, 0.8])),
        _rng.uniform(20, 200),
    )
    check.agrees(
        f"{_dp / MEGAWATT:.0f} MW, high for {_d:.0%} of the time",
        burn_usd_per_year(_dp, _d, _usd), _dp / 1e6 * (1 - _d) * 8760 * _usd,
        hints={_d / (1 - _d): "the valleys are burnt, not the peaks: duty is the share of time at high power",
               1 / (1 - _d): "nothing is burnt while the job computes",
               1 / 24: "8,760 hours, not 365 days",
               1e3: "a MWh is a million watt-hours"},
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: burn, or buy a battery? Let a solver choose, in money, with losses
rate, life = facts.value("energy/discount-rate-energy"), facts.value("energy/life-battery")
plan = energy.smooth(one_period_w, dt_s, case.ramp_limit_w_per_s, energy_usd_per_wh=energy_usd_per_wh,
                     power_usd_per_w=power_usd_per_w, energy_price_usd_per_mwh=case.grid_usd_per_mwh)  # fmt: skip
burn_usd = burn_usd_per_year(swing_w, 0.5, case.grid_usd_per_mwh)
axes = plots.bars(
    {
        "burn everything": burn_usd / 1e6,
        "battery of the solver": plan.battery_usd_per_year / 1e6,
        "its losses": plan.burnt_usd_per_year / 1e6,
    },
    claim=f"Burning the valleys costs {burn_usd / plan.cost_usd_per_year:.1f} times as much as a battery and its losses, before wear",
    x_label="million USD a year",
    highlight=["burn everything"],
)
plots.show(
    axes,
    "Three bars of yearly cost: burning all valleys, the solver's battery, and the energy lost in it.",
)
cycles, cycle_life = YEAR_S / case.step_s, facts.value("energy/battery-cycle-life")
cycle_j = batteries["the running job"][1]
for name in ("the running job", "a stop of the job"):
    full_per_year = cycles * cycle_j / batteries[name][1]
    print(
        f"the battery for {name} gives its whole energy {full_per_year:,.0f} times a year: worn out in "
        f"{cycle_life / full_per_year * 365:,.2f} days"
    )
lasting_wh = cycles * cycle_j / HOUR_S * life / cycle_life  # wear shared by a larger battery
crf = rate / (1 - (1 + rate) ** -life)
lasting_usd = (swing_w / 2 * power_usd_per_w + lasting_wh * energy_usd_per_wh) * crf
print(
    f"one that lasts {life:g} years holds {lasting_wh / 1e6:,.0f} MWh and costs {format_usd(lasting_usd)} a year, "
    f"{lasting_usd / burn_usd:.0%} of burning; {1 - battery_usd['the running job'] * crf / lasting_usd:.0%} of that is wear, which no drawing shows"
)
print(facts.sources(facts.value("energy/battery-cycle-life"), rate, life))

# %% [markdown] nbgrader={"grade": false, "grade_id": "lcoe_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 6 · Build: what a megawatt-hour costs
#
# The levelised cost is the constant price at which a plant just pays itself back. Each year it costs an
# annuity on its capital, $K \cdot \frac{r}{1 - (1 + r)^{-n}}$, and fixed operation; it makes its power
# times `capacity_factor` for 8,760 hours; each megawatt-hour also costs fuel and wear. Costs are per
# watt, the answer per **mega**watt-hour.
#
# *Think of:* a rate of zero; a plant that runs half as often; fuel alone.


# %% nbgrader={"grade": false, "grade_id": "lcoe_usd_per_mwh", "locked": false, "schema_version": 3, "solution": true, "task": false}
def lcoe_usd_per_mwh(
    capex_usd_per_w,
    rate,
    life_years,
    capacity_factor,
    fixed_usd_per_w_year=0.0,
    variable_usd_per_mwh=0.0,
):
    """Constant price at which a plant just pays back its cost.

    Parameters
    ----------
    capex_usd_per_w : float
        [USD/W].
    rate : float
        Cost of capital [1/yr]; 0 is allowed.
    life_years : float
        Years over which it is paid back.
    capacity_factor : float
        Mean power over full power, above 0.
    fixed_usd_per_w_year : float
        Fixed operation [USD/W/yr].
    variable_usd_per_mwh : float
        Fuel and wear [USD/MWh].

    Returns
    -------
    float
        USD per MWh.
    """
    ### BEGIN SOLUTION
    crf = rate / (1 - (1 + rate) ** -life_years) if rate else 1 / life_years
    yearly_usd_per_w = capex_usd_per_w * crf + fixed_usd_per_w_year
    mwh_per_w = capacity_factor * HOURS_PER_YEAR / MEGAWATT
    return yearly_usd_per_w / mwh_per_w + variable_usd_per_mwh
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_lcoe_usd_per_mwh", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check.number(
    "lcoe_usd_per_mwh(1.0, 0.08, 25, 0.5)",
    lcoe_usd_per_mwh(1.0, 0.08, 25, 0.5),
    low=1,
    high=1e4,
    unit="USD/MWh",
)
check.same("fuel alone costs what it costs", lcoe_usd_per_mwh(0.0, 0.08, 25, 0.3, 0.0, 40.0), 40.0)
check.same(
    "a plant that runs half as often costs twice as much per MWh",
    lcoe_usd_per_mwh(1.0, 0.08, 25, 0.4, 0.02),
    2 * lcoe_usd_per_mwh(1.0, 0.08, 25, 0.8, 0.02),
)
check.rising("dearer capital", lambda r: lcoe_usd_per_mwh(1.0, r, 25, 0.5), [0.0, 0.03, 0.08, 0.15])
check.ok("lcoe_usd_per_mwh: capital, use and fuel")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(66)
check.agrees(
    "at a rate of zero the capital is simply shared out over the years",
    lcoe_usd_per_mwh(2.0, 0.0, 20, 0.5), 2.0 / 20 / (0.5 * 8760) * 1e6,
    hints={0.0: "capital without interest has to be paid back all the same"},
)  # fmt: skip
for _ in range(20):
    _k, _i, _n, _cf = (
        _rng.uniform(0.5, 12),
        _rng.uniform(0.02, 0.15),
        int(_rng.integers(5, 60)),
        _rng.uniform(0.2, 0.95),
    )
    _f, _v = _rng.uniform(0.01, 0.2), _rng.uniform(1, 60)
    _annuity, _mwh = _k * _i / (1 - (1 + _i) ** -_n), _cf * 8760 / 1e6
    _want = (_annuity + _f) / _mwh + _v
    check.agrees(
        f"capital of {_k:.1f} USD/W over {_n} years at {_i:.1%}, used {_cf:.0%}",
        lcoe_usd_per_mwh(_k, _i, _n, _cf, _f, _v), _want,
        hints={((_k / _n + _f) / _mwh + _v) / _want: "capital has a cost: use the annuity, not the share of each year",
               ((_k * _i + _f) / _mwh + _v) / _want: "interest alone never pays the capital back: use the annuity",
               ((_annuity + _f) / (_mwh / _cf) + _v) / _want: "the plant does not run at full power all year",
               ((_annuity + _f) * _cf / (_mwh / _cf) + _v) / _want: "a plant that runs less makes dearer power: divide by the capacity factor",
               (_annuity / _mwh + _v) / _want: "fixed operation is missing",
               (_annuity + _f) / _mwh / _want: "fuel and wear are missing",
               ((_annuity + _f + _v) / _mwh) / _want: "fuel is per MWh already",
               ((_annuity + _f) / _mwh * 1e-3 + _v) / _want: "that is per kWh: a MWh is a million watt-hours"},
    )  # fmt: skip
check.agrees(
    "arguments left out cost nothing",
    lcoe_usd_per_mwh(1.0, 0.1, 10, 1.0),
    0.1 / (1 - 1.1**-10) / 8760 * 1e6,
)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: your costs beside published ranges
sources = case.sources()
uses = {  # how much of the year each source runs here
    "gas": case.load_factor, "gas-turbine": case.load_factor,
    "solar": facts.value("energy/us-capacity-factor-solar-pv-2021"),
    "wind": facts.value("energy/us-capacity-factor-wind-2020"),
    "nuclear": facts.value("energy/us-capacity-factor-nuclear-2021"),
}  # fmt: skip
lazard = {
    "gas": "gas-combined-cycle",
    "solar": "utility-solar-pv",
    "wind": "onshore-wind",
    "nuclear": "nuclear",
}
costs = {}
for name, used in uses.items():
    plant = sources[name]
    costs[name] = {
        "yours": lcoe_usd_per_mwh(plant.capex_usd_per_w, rate, plant.life_years, used,
                                  plant.fixed_usd_per_w_year, plant.variable_usd_per_mwh)
    }  # fmt: skip
    if name in lazard:
        published = facts.value(f"energy/lcoe-{lazard[name]}-2025-lazard")
        costs[name] |= {"published, low": published.low, "published, high": published.high}
        print(facts.sources(published))
capex_rows = ("gas-combined-cycle-2025", "behind-the-meter-gas-2026", "utility-solar-pv-2025-lazard",
              "onshore-wind-2025-lazard", "nuclear-2025-lazard")  # fmt: skip
print(facts.sources(*(facts.value(f"energy/capex-{row}") for row in capex_rows), facts.value("energy/off-grid-reserve"),
                    uses["solar"], uses["wind"], uses["nuclear"]))  # fmt: skip
reactor, building = sources["nuclear"], facts.value("energy/nuclear-building-time")
on_its_first_day = reactor.capex_usd_per_w * energy.interest_while_building(
    float(rate), float(building)
)
with_interest = lcoe_usd_per_mwh(on_its_first_day, rate, reactor.life_years, uses["nuclear"],
                                 reactor.fixed_usd_per_w_year, reactor.variable_usd_per_mwh)  # fmt: skip
print(
    f"capital here is overnight cost; interest while building for {building:g} years lifts nuclear to {with_interest:.0f} USD/MWh"
)
axes = plots.strip(
    costs,
    claim=f"Power from a turbine of one's own costs {costs['gas-turbine']['yours'] / case.grid_usd_per_mwh:.0%} of the grid's price",
    x_label="USD per MWh",
    target=(case.grid_usd_per_mwh, "grid"),
)
plots.show(
    axes,
    "Levelised cost of five sources as points beside published low and high ends, and the grid's price as a line.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "year_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 7 · Simulate: the hours of a year
#
# A levelised cost does not say *when* power comes. Below, a solver builds the cheapest supply for your
# site's mean load and runs it through a year, three hours at a time: first from sun, wind and batteries
# alone, then with turbines allowed and carbon priced at the damage it does. Each takes some seconds.

# %% tags=["explore"]
# explore: two years, solved (PyPSA and HiGHS)
damage = facts.value("energy/social-cost-of-carbon-2023")
offered = {
    "weather alone": (["solar", "wind", "battery"], 0.0),
    "weather and gas": (["solar", "wind", "battery", "gas-turbine"], float(damage)),
}
years = {}
for name, (allowed_sources, carbon) in offered.items():
    year = energy.cheapest_supply(
        case.mean_w,
        [sources[s] for s in allowed_sources],
        step_h=3,
        rate=float(rate),
        carbon_price_usd_per_t=carbon,
    )
    years[name] = year
    built = ", ".join(
        f"{k} {v / GIGAWATT:.2f} GW" for k, v in year.capacity_w.items() if v > MEGAWATT
    )
    print(
        f"{name}, carbon at {format_usd(carbon)} a tonne: {format_usd(year.cost_usd_per_mwh)}/MWh, {year.co2_t_per_year / 1e6:.2f} Mt CO₂ a year"
    )
    print(
        f"   built for a load of {case.mean_w / GIGAWATT:.2f} GW: {built}; "
        f"{sum(year.storage_wh.values()) / 1e9:.1f} GWh stored, {year.curtailed_mwh_per_year / 1e6:.1f} TWh thrown away"
    )
print(facts.sources(damage))

# %% tags=["explore"]
# explore: the week in which the battery works hardest, in the year that has only weather
year = years["weather alone"]
week = 7 * 24 // 3
battery_w = year.dispatch_w["battery"].to_numpy()
given_w = np.convolve(
    np.maximum(battery_w, 0.0), np.ones(week), "valid"
)  # by week, from its first step
ends = np.flatnonzero(
    battery_w < battery_w.min() / 2
)  # a picture that ends while the battery charges
starts = ends[ends >= week - 1] - (week - 1)
start = int(starts[np.argmax(given_w[starts])])
days = np.arange(week) * 3 / 24
mean_lcoe = (
    costs["solar"]["yours"] * year.energy_mwh_per_year["solar"]
    + costs["wind"]["yours"] * year.energy_mwh_per_year["wind"]
) / (year.energy_mwh_per_year["solar"] + year.energy_mwh_per_year["wind"])
axes = plots.sweep(
    days,
    {
        name: year.dispatch_w[name].to_numpy()[start : start + week] / GIGAWATT
        for name in ("solar", "wind", "battery")
    },
    claim=f"Power in every hour costs {year.cost_usd_per_mwh / mean_lcoe:.1f} times the levelised cost of sun and wind: nights, and bad weeks",
    x_label=f"days from day {start * 3 / 24:.0f} of the year",
    y_label="gigawatts delivered",
    target=(case.mean_w / GIGAWATT, "the site"),
)
plots.show(
    axes,
    "Output of sun, wind and battery over a week: the battery charges by day, when the sun gives far more than the site takes, and carries it through the night.",
)

# %% tags=["explore"]
# explore: how long is the wait for each, and who sells what everybody waits for (38:20)?
for name, plant in sorted(sources.items(), key=lambda s: s[1].lead_time_years):
    print(f"{name:12s} {plant.lead_time_years:5.1f} years from order to power")
before, now = (
    facts.value(f"energy/lead-time-transformer-{k}")
    for k in ("high-voltage-2021", "substation-2026")
)
turbines = {y: facts.value(f"energy/gas-turbine-orders-ge-vernova-{y}") for y in (2022, 2025)}
print(
    f"a large transformer: {before:.1f} years in 2021, {now:.1f} years in 2026 (two classes of them)"
)
print(
    f"one maker's orders of turbines: {format_si(turbines[2022], 'W')} in 2022, {format_si(turbines[2025], 'W')} in 2025, "
    f"{format_si(facts.value('energy/gas-turbine-backlog-ge-vernova-2025'), 'W')} on its books"
)
bridge = sources["gas-turbine"]
for years_paid in (case.grid_wait_years - bridge.lead_time_years, 5, 10, bridge.life_years):
    usd = lcoe_usd_per_mwh(
        bridge.capex_usd_per_w,
        rate,
        years_paid,
        case.load_factor,
        bridge.fixed_usd_per_w_year,
        bridge.variable_usd_per_mwh,
    )
    print(
        f"a turbine paid off in {years_paid:4.1f} years: {usd:6.1f} USD/MWh, {usd - case.grid_usd_per_mwh:+6.1f} against the grid"
    )
lead_rows = ("battery", "gas-turbine", "solar", "wind", "gas-plant-2025", "nuclear")
print(facts.sources(before, now, *turbines.values(), facts.value("energy/gas-turbine-backlog-ge-vernova-2025"),
                    *(facts.value(f"energy/lead-time-{row}") for row in lead_rows)))  # fmt: skip

# %% [markdown] nbgrader={"grade": false, "grade_id": "sync_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 8 · Build: the slowest chip
#
# Chips throttle (11:23), and a synchronous step ends when its **last** chip is done. In one step each
# of `chips` accelerators throttles with probability `p`, independently of the others; a throttled chip
# runs at the share `slow_speed` of full speed, so its step takes longer. Write the speed of the job
# over many steps, as a share of the speed without throttling: work done per time.
#
# *Think of:* $p = 0$; $p = 1$; one chip; a `slow_speed` of 1. Of two steps, one at full speed and one at
# half: how long do they take together?


# %% nbgrader={"grade": false, "grade_id": "sync_throughput_share", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sync_throughput_share(p, chips, slow_speed):
    """Mean speed of a synchronous job whose steps wait for the slowest chip.

    Parameters
    ----------
    p : float
        Chance that one chip throttles in one step.
    chips : float
        Chips that wait for each other.
    slow_speed : float
        Speed of a throttled chip as a share of full speed, above 0.

    Returns
    -------
    float
        Share of the speed without throttling.
    """
    ### BEGIN SOLUTION
    hit = 1 - (1 - p) ** chips
    mean_step = (1 - hit) + hit / slow_speed  # in full-speed steps
    return 1 / mean_step
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_sync_throughput_share", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number(
    "sync_throughput_share(1e-5, 1e5, 0.8)", sync_throughput_share(1e-5, 1e5, 0.8), low=0, high=1
)
check.same(
    "without throttling the job runs at full speed", sync_throughput_share(0.0, 1e5, 0.8), 1.0
)
check.same("if all chips throttle, so does the job", sync_throughput_share(1.0, 1e5, 0.8), 0.8)
check.same("throttling that costs no speed", sync_throughput_share(0.01, 1e5, 1.0), 1.0)
check.rising(
    "more chips, slower steps", lambda n: -sync_throughput_share(1e-4, n, 0.8), [1, 100, 10_000]
)
check.ok("sync_throughput_share: limits, and a large job is slower than a small one")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(67)
check.agrees(
    "one chip, slow at half speed in half of its steps", sync_throughput_share(0.5, 1, 0.5), 1 / 1.5,
    hints={0.75 * 1.5: "add the times of the steps, not their speeds"},
)  # fmt: skip
for _ in range(20):
    _n, _s = int(10 ** _rng.uniform(1, 5.7)), _rng.uniform(0.3, 0.9)
    _q = _rng.uniform(0.2, 0.9) / _n
    _hit = 1 - (1 - _q) ** _n
    _want = 1 / (1 + _hit * (1 / _s - 1))
    check.agrees(
        f"{_n:,} chips that throttle with probability {_q:.2g} to {_s:.0%}", sync_throughput_share(_q, _n, _s), _want,
        hints={(1 - _hit + _hit * _s) / _want: "add the times of the steps, not their speeds",
               1 / (1 + _q * (1 / _s - 1)) / _want: "every chip is waited for, not an average one",
               1 / (1 + _n * _q * (1 / _s - 1)) / _want: "chances of many chips do not simply add up: what is the chance that none throttles?",
               1 / (1 + (1 - _hit) * (1 / _s - 1)) / _want: "that is the chance that no chip throttles",
               1 / _want**2: "that is the length of a step, the speed is its inverse"},
    )  # fmt: skip
check.agrees(
    "a million chips, one slow step in a hundred for each",
    sync_throughput_share(0.01, 1e6, 0.6),
    0.6,
)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: how brittle is a large job? How often chips throttle, against how deep
power_share = facts.value("energy/throttle-power-share")
clock = float(
    energy.speed_under_cap_share(1.0, cap_w=power_share)
)  # what that power leaves of the clock
chances = np.geomspace(1e-9, 3e-5, 60)
jobs = {"one chip": 1, "16,384 chips": 16_384, "your job": job.gpus}
mine = sync_throughput_share(case.throttle_probability, job.gpus, clock)
once_in = float(f"{1 / case.throttle_probability:.2g}")
axes = plots.sweep(
    chances,
    {name: [sync_throughput_share(p, n, clock) for p in chances] for name, n in jobs.items()},
    claim=f"If a chip throttles in one of {once_in:,.0f} steps, your job loses {1 - mine:.1%}, and never more than {1 - clock:.1%}",
    x_label="chance that a chip throttles in a step",
    y_label="speed, share of full",
    log="x",
)
plots.show(
    axes,
    "Speed of a synchronous job over the chance of throttling: the larger the job, the earlier its speed falls; the floor is the speed of one throttled chip.",
)
for depth in (clock, 0.8, 0.5, 0.1):
    lost = 1 - sync_throughput_share(case.throttle_probability, job.gpus, depth)
    print(
        f"throttled to {depth:4.0%} of the clock: the job loses {lost:6.1%}, {format_usd(lost * case.revenue_usd_per_year)} a year of sales"
    )
print(
    f"{power_share:.0%} of the power leaves {clock:.0%} of the clock, because power falls faster than the clock"
)
# Our extension: chips that fail stop the whole job, and it must begin again from a checkpoint.
whole = infra.job_goodput(
    job.gpus, throttle_probability=case.throttle_probability, slow_speed=clock
)
print(
    f"failures weigh more: one every {format_si(whole.mtbi_s / MINUTE_S, 'minutes')} leaves {whole.kept_share:.0%} of the time, "
    f"throttling leaves {whole.speed_share:.0%} of the speed: nobody runs one job of this size"
)
print(
    facts.sources(
        power_share,
        facts.value("energy/throttle-probability"),
        facts.value("energy/dynamic-power-exponent"),
    )
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "premium_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 9 · Build: what early power is worth
#
# Why burn gas off the grid (13:35)? To save time, perhaps. Suppose that power comes `months_earlier`, that each of these months
# is worth `month_usd` (counted at the start of the contract), and that you pay a premium on **every**
# megawatt-hour of a contract over `contract_years`. Write the premium at which you neither gain nor
# lose. The premium is paid hour by hour, so a year of it in the future is worth
# $\int (1 + r)^{-t} dt$ of a year today: over $n$ years
#
# $$\frac{1 - (1 + r)^{-n}}{\ln(1 + r)}$$
#
# *Think of:* no month earlier; a rate of zero; a very long contract; a month that is worth less than
# nothing.


# %% nbgrader={"grade": false, "grade_id": "power_premium_for_delay_usd_per_mwh", "locked": false, "schema_version": 3, "solution": true, "task": false}
def power_premium_for_delay_usd_per_mwh(
    month_usd, months_earlier, mwh_per_year, contract_years, rate=0.0
):
    """Highest premium per MWh, over the contract, that earlier power is worth.

    Parameters
    ----------
    month_usd : float
        What a month earlier is worth [USD].
    months_earlier : float
        Months.
    mwh_per_year : float
        Energy of the contract [MWh/yr].
    contract_years : float
        Years over which the premium is paid.
    rate : float
        Yearly discount rate [1/yr]; 0 is allowed.

    Returns
    -------
    float
        USD per MWh; negative where a month earlier loses money.
    """
    ### BEGIN SOLUTION
    if rate:
        present_years = (1 - (1 + rate) ** -contract_years) / math.log(1 + rate)
    else:
        present_years = contract_years
    return month_usd * months_earlier / (mwh_per_year * present_years)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_power_premium_for_delay_usd_per_mwh", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check.number(
    "power_premium_for_delay_usd_per_mwh(5e8, 12, 7e6, 10, 0.08)",
    power_premium_for_delay_usd_per_mwh(5e8, 12, 7e6, 10, 0.08), low=1, high=1e4, unit="USD/MWh",
)  # fmt: skip
check.same(
    "no month earlier is worth nothing",
    power_premium_for_delay_usd_per_mwh(5e8, 0, 7e6, 10, 0.08),
    0.0,
)
check.rising(
    "more months are worth more",
    lambda m: power_premium_for_delay_usd_per_mwh(5e8, m, 7e6, 10, 0.08),
    [0, 6, 24],
)
check.rising(
    "a shorter contract bears more per MWh",
    lambda n: power_premium_for_delay_usd_per_mwh(5e8, 12, 7e6, -n, 0.08),
    [-30, -10, -2],
)
check.rising(
    "a month that loses money turns the sign",
    lambda usd: power_premium_for_delay_usd_per_mwh(usd, 12, 7e6, 10, 0.08),
    [-1e8, 0, 1e8],
)
check.ok("power_premium_for_delay_usd_per_mwh: sign, months and length of the contract")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(69)
try:
    _got = power_premium_for_delay_usd_per_mwh(6e8, 10, 8e6, 5)
except ZeroDivisionError:
    raise check.CheckError(
        "at a rate of zero: the formula is 0/0 there; a year is then worth a year"
    ) from None
check.agrees(
    "at a rate of zero: the value over the energy bought", _got, 6e8 * 10 / (8e6 * 5),
    hints={1 / 12: "months_earlier are months, and month_usd is per month"},
)  # fmt: skip
for _ in range(20):
    _usd, _m, _mwh = _rng.uniform(-1e8, 1e9), _rng.uniform(3, 60), _rng.uniform(1e6, 1e7)
    _n, _i = int(_rng.integers(3, 30)), _rng.uniform(0.03, 0.15)
    _years = (1 - (1 + _i) ** -_n) / math.log(1 + _i)
    check.agrees(
        f"{_m:.0f} months earlier, paid for over {_n} years at {_i:.1%}",
        power_premium_for_delay_usd_per_mwh(_usd, _m, _mwh, _n, _i), _usd * _m / (_mwh * _years),
        hints={_years / _n: "later payments count less: discount them",
               _years / ((1 - (1 + _i) ** -_n) / _i): "it is paid hour by hour, not at the end of each year: divide by the logarithm",
               _years / ((1 - math.exp(-_i * _n)) / _i): "the rate is a yearly one: after a year a dollar is worth 1/(1 + rate)",
               1 / 12: "months_earlier are months, and month_usd is per month",
               12.0: "month_usd is per month already",
               1 / _m: "the months are missing"},
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: a month of sales against a year of electricity
month_sales = case.revenue_usd_per_year / 12
days_of_sales = case.bill_usd_per_year / case.revenue_usd_per_year * 365
print(
    f"a month of sales {format_usd(month_sales)}, a year of electricity {format_usd(case.bill_usd_per_year)}: {days_of_sales:.0f} days pay for it"
)
months_won = 12 * (case.grid_wait_years - bridge.lead_time_years)
contract_years = float(facts.value("energy/power-contract-years"))
turbine_premium = lcoe_usd_per_mwh(bridge.capex_usd_per_w, rate, contract_years, case.load_factor,
                                   bridge.fixed_usd_per_w_year, bridge.variable_usd_per_mwh) - case.grid_usd_per_mwh  # fmt: skip
print(
    f"gas comes {months_won:.0f} months earlier; paid off in {contract_years:g} years it costs {turbine_premium:+.0f} USD/MWh against the grid"
)
campus = [
    float(facts.value(f"datacenter-capex/cost-{k}")) for k in ("epoch-facility-power", "lecture")
]
months = {"the chips are paid for": case.month_usd("sunk", capex_usd_per_w=campus[0])} | {
    f"the chips can wait, {usd:.0f} USD/W": case.month_usd("deferred", capex_usd_per_w=usd)
    for usd in campus
}
worth = {}
for what, month in months.items():
    worth[what] = power_premium_for_delay_usd_per_mwh(
        month, months_won, case.energy_mwh_per_year, contract_years, float(rate)
    )
    print(f"{what:29s}: a month earlier is worth {format_usd(month):>10s}")
paid, waiting, _ = worth.values()
axes = plots.bars(
    {**worth, "what the turbine costs more": turbine_premium},
    claim=f"Earlier power is worth {paid:.0f} USD/MWh to whoever has paid for the chips, and {waiting:.0f} to whoever has not",
    x_label=f"USD per MWh over {contract_years:g} years",
    highlight=["what the turbine costs more"],
    shown="{:.0f}",
)
plots.show(
    axes,
    "Bars of the premium that early power is worth, for chips that are paid for and chips that can wait at two prices of a campus, beside what the turbine costs more than the grid.",
)
print(facts.sources(facts.value("datacenter-capex/cost-epoch-facility-power"), facts.value("datacenter-capex/cost-lecture"),
                    facts.value("datacenter-capex/rate"), facts.value("datacenter-capex/life-it"), facts.value("energy/power-contract-years"),
                    facts.value("compute-revenue/openai-exit-rate-revenue-per-power-2025")))  # fmt: skip

# %% [markdown] nbgrader={"grade": false, "grade_id": "explain_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Explain the gap
#
# In 150 to 300 words, with numbers from your case:
#
# 1. “The grid could fall apart” (12:53). Which of the two disturbances, the swing of the running job or
#    a stop, asks for which size of battery, and why does one number of the battery not depend on the
#    ramp limit at all? Which disturbance does a rule in megawatts a minute not see, and what happened
#    when a larger one really struck?
# 2. Your levelised cost of sun and wind and the solved year differ. Why? And where do the lecture's
#    “hundreds of megawatts” come from: name the assumption of your case on which the swing hangs most,
#    and one way to make it smaller without any battery.

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}
# See the rubric for a strong and a weak answer.

# %% [markdown] nbgrader={"grade": false, "grade_id": "decide_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Decide
#
# You own the site of your case. You may
#
# - **grid queue**: wait for the connection, and pay the grid's price;
# - **gas now**: buy turbines with a reserve, start when they come, and burn gas until the horizon;
# - **nuclear option**: gas now, and pay for a site and a licence besides. If carbon comes to cost the
#   damage it does, you may then build a reactor that takes over; otherwise you let the licence lapse.
#
# The next cells compute the present value of each from the facts, the same way for everyone; they do
# not use your functions. `month_usd` is what a running month earns before its power is paid: a month of
# sales if all else is spent anyway. If the chips can be ordered later as well, it is far less.

# %% nbgrader={"grade": false, "grade_id": "decide_model", "locked": true, "schema_version": 3, "solution": false, "task": false}
inputs = {
    "month_usd": case.revenue_usd_per_year / 12,
    "grid_usd_per_mwh": case.grid_usd_per_mwh,
    "grid_wait_years": case.grid_wait_years,
    "gas_usd_per_mwh_heat": case.gas_usd_per_mwh_heat,
    "gas_wait_years": facts.value("energy/lead-time-gas-turbine"),
    "gas_capex_usd_per_w": facts.value("energy/capex-behind-the-meter-gas-2026"),
    "gas_reserve": facts.value("energy/off-grid-reserve"),
    "dear_carbon_usd_per_t": facts.value("energy/social-cost-of-carbon-2023"),
    "dear_carbon_probability": facts.value("energy/dear-carbon-probability"),
    "nuclear_capex_usd_per_w": facts.value("energy/capex-nuclear-2025-lazard"),
    "nuclear_wait_years": facts.value("energy/lead-time-nuclear"),
    "nuclear_building_years": facts.value("energy/nuclear-building-time"),
    "nuclear_licence_share": facts.value("energy/nuclear-licence-share"),
    "rate": facts.value("energy/discount-rate-energy"),
    "horizon_years": facts.value("energy/site-horizon-years"),
}
deferred_usd = case.month_usd(
    "deferred", capex_usd_per_w=facts.value("datacenter-capex/cost-epoch-facility-power")
)
ranges = {
    "month_usd": (deferred_usd + case.bill_usd_per_year / 12, inputs["month_usd"]),
    "grid_usd_per_mwh": (0.7 * case.grid_usd_per_mwh, 1.3 * case.grid_usd_per_mwh),
    "grid_wait_years": (
        2.0,
        float(facts.value("energy/lead-time-grid-connection-northern-virginia-2026")),
    ),
    "gas_usd_per_mwh_heat": (0.6 * case.gas_usd_per_mwh_heat, 2 * case.gas_usd_per_mwh_heat),
}
print(facts.sources(*inputs.values()))


def npv_usd(option, **given):
    """Value today of one way to power the site until the horizon [USD]."""
    return case.npv_usd(option, **given)


# %% tags=["explore"]
# explore: value of each option, and where the choice turns
options = ("grid queue", "gas now", "nuclear option")
value = {option: npv_usd(option, **inputs) for option in options}
for option, usd in value.items():
    print(f"{option:15s} {format_usd(usd):>10s} today")
best, *rivals = sorted(value, key=value.get, reverse=True)
searched = {"month_usd": (-1e9, 2e9), "gas_wait_years": (0.5, 15), "grid_wait_years": (0.5, 15), "gas_usd_per_mwh_heat": (1, 500),
            "dear_carbon_usd_per_t": (0, 2000), "nuclear_capex_usd_per_w": (1, 20), "dear_carbon_probability": (0, 1)}  # fmt: skip


def lead_over(rival):
    return lambda **given: npv_usd(best, **given) - npv_usd(rival, **given)


for rival in rivals:
    lead = lead_over(rival)
    flips = {
        name: decision.flip_value(lead, inputs, name, *ends) for name, ends in searched.items()
    }
    turning = [f"{name} = {x:.4g}" for name, x in flips.items() if not math.isnan(x)]
    print(
        f"“{best}” leads “{rival}” by {format_usd(lead(**inputs))}; turns at {' or '.join(turning) or 'no value searched'}"
    )
for rival in rivals:
    lead = lead_over(rival)
    frame = decision.tornado(lead, inputs, ranges)
    frame = frame[frame["swing"] > 0.01 * frame["swing"].max()]
    axes = plots.tornado(frame, claim=f"What the lead of “{best}” over “{rival}” hangs on",
                         x_label="lead, USD today", base=lead(**inputs))  # fmt: skip
    plots.show(
        axes,
        f"Tornado chart: how far each input moves the lead of {best} over {rival}; the widest bars are {', '.join(frame.index[:2])}.",
    )

# %% tags=["explore"]
# explore: what a regulator could ask of your site, and what each rule would cost it
block = round(MINUTE_S / dt_s)  # samples that a meter averages over a minute
minutes_w = long_w[: len(long_w) // block * block].reshape(-1, block).mean(axis=1)
minute_ramp = max_ramp_w_per_s(minutes_w, block * dt_s, block * dt_s)
passes = minute_ramp <= case.ramp_limit_w_per_s
loose = battery_periodic_w_j(
    swing_w, case.step_s, swing_w / case.step_s
)  # a ramp of the swing in one step
rules = {
    "a ramp from minute to minute, metered": (
        0.0 if passes else battery_usd["the running job"] * crf,
        f"the site shows {minute_ramp / case.ramp_limit_w_per_s:.0%} of what is allowed"),
    "the ramp at every moment, running": (battery_usd["the running job"] * crf, "foresight: half the swing in power"),
    "the same, loosened to one swing a step": (
        (loose[0] * power_usd_per_w + loose[1] / HOUR_S * energy_usd_per_wh) * crf, "the power stays, the energy goes"),
    "the ramp at every moment, stops too": (battery_usd["a stop of the job"] * crf, "no foresight: all of it, for long"),
    "a flat load": (burn_usd, "burn the valleys"),
}  # fmt: skip
for rule, (usd, why) in rules.items():
    print(
        f"{rule:40s} {format_usd(usd):>10s} a year, {usd / case.revenue_usd_per_year:7.3%} of sales ({why})"
    )

# %% [markdown] nbgrader={"grade": false, "grade_id": "decide_ask", "locked": true, "schema_version": 3, "solution": false, "task": false}
# In 200 to 350 words: how do you power the site, and why? Name the number at which you would choose
# differently, with its unit, and say how you would find out its true value before paying. Then change
# seats: you regulate the grid. Which **one** rule do you ask of such a site, in which unit and over which
# window, what does it cost the site, and how might the site get around it? Last, judge the source: who
# gains when listeners believe that power must come early at any price?

# %% [markdown] nbgrader={"grade": true, "grade_id": "decide", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}
# See the rubric for a strong and a weak answer.

# %% [markdown] nbgrader={"grade": false, "grade_id": "calibrate_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## How honest were your intervals?
#
# About four in five of your intervals should hold the outcome. The score is in decades: the width of
# the interval, plus ten times the miss. Lower is better.

# %% tags=["explore"]
# explore: your predictions against what came out
outcomes = {
    "swing_mw": case.swing_w / MEGAWATT,
    "cycle_store_kwh": batteries["the running job"][1] / KWH_J,
    "stop_store_mwh": batteries["a stop of the job"][1] / MWH_J,
    "sales_days": days_of_sales,
    "weather_usd_per_mwh": years["weather alone"].cost_usd_per_mwh,
}
score = check.calibration(predictions, outcomes)
print(score.to_string(float_format=lambda x: f"{x:.3g}"))
print(
    f"{score['inside'].sum()} of {len(score)} inside; mean score {score['score'].mean():.2f} decades"
)
