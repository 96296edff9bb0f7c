# /// mutant
# cell = "cost_usd_per_good_die"
# loses = ["test_cost_usd_per_good_die"]
# misconception = "more than the needed cores must work"
# message = "exactly as many as needed is enough"
# ///
import math


def cost_usd_per_good_die(wafer_usd, gross_dies, rest_yield, core_yield, cores, needed):
    enough = sum(
        math.comb(cores, k) * core_yield**k * (1 - core_yield) ** (cores - k)
        for k in range(min(needed + 1, cores), cores + 1)
    )
    good_dies = gross_dies * rest_yield * enough
    if good_dies <= 0:
        raise ValueError("no die can be sold")
    return wafer_usd / good_dies
