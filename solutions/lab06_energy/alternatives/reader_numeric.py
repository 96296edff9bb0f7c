# /// alternative
# cell = "battery_periodic_w_j"
# why = "the area between load and grid, cut where the grid reaches the level; a mean over fast and slow steps"
# ///
import math


def battery_periodic_w_j(swing_w, period_s, ramp_limit_w_per_s):
    half_w, quarter_s = swing_w / 2, period_s / 4
    climbed_w = min(half_w, ramp_limit_w_per_s * quarter_s)
    if climbed_w < half_w:
        return half_w, 2 * quarter_s * (half_w - climbed_w / 2)
    climb_s = half_w / ramp_limit_w_per_s
    return half_w, half_w * climb_s


# %% power_premium_for_delay_usd_per_mwh
def power_premium_for_delay_usd_per_mwh(
    month_usd, months_earlier, mwh_per_year, contract_years, rate=0.0
):
    force = math.log1p(rate)
    bought = -math.expm1(-force * contract_years) / force if force else contract_years
    return month_usd / mwh_per_year * months_earlier / bought


# %% job_power_w
import numpy as np


def job_power_w(time_s, gpus, compute_w, communicate_w, compute_s, communicate_s):
    phase_s = np.remainder(time_s, compute_s + communicate_s)
    return np.where(phase_s < compute_s, gpus * compute_w, gpus * communicate_w)
