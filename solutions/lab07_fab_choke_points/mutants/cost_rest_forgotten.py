# /// mutant
# cell = "cost_usd_per_good_die"
# loses = ["test_cost_usd_per_good_die"]
# misconception = "a die is nothing but its cores"
# message = "a part whose rest works more seldom"
# ///
import math


def cost_usd_per_good_die(wafer_usd, gross_dies, rest_yield, core_yield, cores, needed):
    enough = sum(
        math.comb(cores, k) * core_yield**k * (1 - core_yield) ** (cores - k)
        for k in range(needed, cores + 1)
    )
    good_dies = gross_dies * enough
    if good_dies <= 0:
        raise ValueError("no die can be sold")
    return wafer_usd / good_dies
