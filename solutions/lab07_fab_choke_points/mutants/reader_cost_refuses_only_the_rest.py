# /// mutant
# cell = "cost_usd_per_good_die"
# loses = ["test_cost_usd_per_good_die"]
# misconception = "only a rest that never works is refused; cores that never work divide by zero"
# message = "cores that never work should raise ValueError"
# ///
import math


def cost_usd_per_good_die(wafer_usd, gross_dies, rest_yield, core_yield, cores, needed):
    if rest_yield == 0:
        raise ValueError("no die is ever good")
    enough = sum(
        math.comb(cores, k) * core_yield**k * (1 - core_yield) ** (cores - k)
        for k in range(needed, cores + 1)
    )
    return wafer_usd / (gross_dies * rest_yield * enough)
