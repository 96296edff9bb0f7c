# /// mutant
# cell = "goodput_per_s"
# loses = ["test_goodput_per_s"]
# misconception = "the two promises fail independently"
# message = "look at each request"
# ///
import numpy as np


def goodput_per_s(ttft_s, tpot_s, span_s, ttft_limit_s, tpot_limit_s):
    ttft_s, tpot_s = np.asarray(ttft_s, dtype=float), np.asarray(tpot_s, dtype=float)
    first = (np.isfinite(ttft_s) & (ttft_s <= ttft_limit_s)).mean()
    pace = (np.isnan(tpot_s) | (tpot_s <= tpot_limit_s)).mean()
    return float(first * pace * len(ttft_s) / span_s)
