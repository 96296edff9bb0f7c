# /// alternative
# cell = "latency_value_usd_per_year"
# why = "expm1 and clipping instead of exp and max"
# ///
import numpy as np


def latency_value_usd_per_year(
    before_s, after_s, revenue_usd_per_year, loss_per_s, threshold_s=0.0
):
    before, after = np.clip([before_s, after_s], threshold_s, None)
    return float(revenue_usd_per_year * np.expm1(loss_per_s * (before - after)))
