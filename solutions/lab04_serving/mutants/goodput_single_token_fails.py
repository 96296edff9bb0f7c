# /// mutant
# cell = "goodput_per_s"
# loses = ["test_goodput_per_s"]
# misconception = "no pace is a broken promise"
# message = "a single token has no pace to miss"
# ///
import numpy as np


def goodput_per_s(ttft_s, tpot_s, span_s, ttft_limit_s, tpot_limit_s):
    ttft_s, tpot_s = np.asarray(ttft_s, dtype=float), np.asarray(tpot_s, dtype=float)
    good = np.isfinite(ttft_s) & (ttft_s <= ttft_limit_s) & (tpot_s <= tpot_limit_s)
    return float(good.sum() / span_s)
