# /// mutant
# cell = "goodput_per_s"
# loses = ["test_goodput_per_s"]
# misconception = "no limit, so even the never-answered are good"
# message = "who never got a first token"
# ///
import numpy as np


def goodput_per_s(ttft_s, tpot_s, span_s, ttft_limit_s, tpot_limit_s):
    ttft_s, tpot_s = np.asarray(ttft_s, dtype=float), np.asarray(tpot_s, dtype=float)
    good = (ttft_s <= ttft_limit_s) & (np.isnan(tpot_s) | (tpot_s <= tpot_limit_s))
    return float(good.sum() / span_s)
