# /// alternative
# cell = "required_hit_rate"
# why = "SciPy's root finder"
# ///
from scipy.optimize import brentq


def required_hit_rate(ttft_at, target_s):
    if ttft_at(0) <= target_s:
        return 0
    if ttft_at(1) > target_s:
        raise ValueError(f"no cache keeps {target_s} s")
    if ttft_at(1) == target_s:
        return 1
    return brentq(lambda hit: ttft_at(hit) - target_s, 0, 1, xtol=1e-12)
