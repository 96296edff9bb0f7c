# /// mutant
# cell = "cost_usd_per_good_die"
# loses = ["test_cost_usd_per_good_die"]
# misconception = "it is known beforehand which cores may be dead"
# message = "many ways"
# ///


def cost_usd_per_good_die(wafer_usd, gross_dies, rest_yield, core_yield, cores, needed):
    enough = core_yield**needed
    good_dies = gross_dies * rest_yield * enough
    if good_dies <= 0:
        raise ValueError("no die can be sold")
    return wafer_usd / good_dies
