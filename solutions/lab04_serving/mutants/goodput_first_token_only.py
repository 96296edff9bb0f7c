# /// mutant
# cell = "goodput_per_s"
# loses = ["test_goodput_per_s"]
# misconception = "only the first token was promised"
# message = "the pace was promised, too"
# ///
import numpy as np


def goodput_per_s(ttft_s, tpot_s, span_s, ttft_limit_s, tpot_limit_s):
    ttft_s, tpot_s = np.asarray(ttft_s, dtype=float), np.asarray(tpot_s, dtype=float)
    return float((np.isfinite(ttft_s) & (ttft_s <= ttft_limit_s)).sum() / span_s)
