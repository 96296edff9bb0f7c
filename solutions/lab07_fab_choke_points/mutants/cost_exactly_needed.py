# /// mutant
# cell = "cost_usd_per_good_die"
# loses = ["test_cost_usd_per_good_die"]
# misconception = "exactly the needed cores work"
# message = "more working cores than needed is good"
# ///
import math


def cost_usd_per_good_die(wafer_usd, gross_dies, rest_yield, core_yield, cores, needed):
    enough = math.comb(cores, needed) * core_yield**needed * (1 - core_yield) ** (cores - needed)
    good_dies = gross_dies * rest_yield * enough
    if good_dies <= 0:
        raise ValueError("no die can be sold")
    return wafer_usd / good_dies
