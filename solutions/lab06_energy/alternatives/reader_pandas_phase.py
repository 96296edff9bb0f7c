# /// alternative
# cell = "job_power_w"
# why = "the phase as a share of the step; pandas; an annuity by expm1; the step as a triangle in time"
# ///
import numpy as np


def job_power_w(time_s, gpus, compute_w, communicate_w, compute_s, communicate_s):
    period_s = compute_s + communicate_s
    steps = np.floor_divide(np.asarray(time_s, dtype=float), period_s)
    since_s = time_s - steps * period_s
    return gpus * (communicate_w + (compute_w - communicate_w) * (since_s < compute_s))


# %% max_ramp_w_per_s
import pandas as pd


def max_ramp_w_per_s(power_w, step_s, window_s):
    change_w = pd.Series(power_w, dtype=float).diff(round(window_s / step_s))
    return change_w.abs().max() / window_s


# %% battery_step_w_j
def battery_step_w_j(swing_w, ramp_limit_w_per_s):
    if not ramp_limit_w_per_s > 0:
        raise ValueError("the grid has to move")
    caught_up_s = swing_w / ramp_limit_w_per_s
    return swing_w, caught_up_s * swing_w / 2


# %% lcoe_usd_per_mwh
def lcoe_usd_per_mwh(
    capex_usd_per_w,
    rate,
    life_years,
    capacity_factor,
    fixed_usd_per_w_year=0.0,
    variable_usd_per_mwh=0.0,
):
    paid_back = np.expm1(-life_years * np.log1p(rate)) / -rate if rate else life_years
    yearly_usd = 1e6 * (capex_usd_per_w / paid_back + fixed_usd_per_w_year)  # of a megawatt
    return yearly_usd / 8760 / capacity_factor + variable_usd_per_mwh


# %% sync_throughput_share
def sync_throughput_share(p, chips, slow_speed):
    all_fast = (1 - p) ** chips
    return 1 / (all_fast + (1 - all_fast) / slow_speed)
