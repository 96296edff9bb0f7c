# /// alternative
# cell = "cost_usd_per_good_die"
# why = "SciPy's binomial survival function"
# ///
from scipy.stats import binom


def cost_usd_per_good_die(wafer_usd, gross_dies, rest_yield, core_yield, cores, needed):
    good = rest_yield * binom.sf(needed - 1, cores, core_yield)
    if not good > 0:
        raise ValueError("no die of this wafer can be sold")
    return float(wafer_usd) / gross_dies / good
