# /// alternative
# cell = "erlang_c_probability"
# why = "SciPy's Poisson distribution and root finder, a pandas table"
# ///
from scipy.optimize import brentq
from scipy.stats import poisson


def erlang_c_probability(servers, offered_load):
    if offered_load >= servers:
        raise ValueError("the line grows without end")
    blocked = poisson.pmf(servers, offered_load) / poisson.cdf(servers, offered_load)
    return blocked / (1 - offered_load / servers * (1 - blocked))


# %% goodput_per_s
import numpy as np
import pandas as pd


def goodput_per_s(ttft_s, tpot_s, span_s, ttft_limit_s, tpot_limit_s):
    table = pd.DataFrame({"first": np.asarray(ttft_s), "pace": np.asarray(tpot_s)})
    answered = table[np.isfinite(table["first"])]
    in_time = answered[answered["first"].le(ttft_limit_s)]
    return len(in_time[~in_time["pace"].gt(tpot_limit_s)]) / span_s


# %% edge_break_even_ttft_s
def edge_break_even_ttft_s(saved_s, extra_cost_share, elasticity):
    if extra_cost_share == 0:
        return math.inf
    left_over = brentq(
        lambda y: y**-elasticity - 1 - extra_cost_share, 1e-12, 1 - 1e-12, xtol=1e-15, rtol=1e-14
    )
    return saved_s / (1 - left_over)
