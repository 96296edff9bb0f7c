# /// alternative
# cell = "goodput_per_s"
# why = "looks at one request after the other"
# ///
import math


def goodput_per_s(ttft_s, tpot_s, span_s, ttft_limit_s, tpot_limit_s):
    good = 0
    for first, pace in zip(ttft_s, tpot_s, strict=True):
        if math.isinf(first) or first > ttft_limit_s or pace > tpot_limit_s:
            continue
        good += 1
    return good / span_s
