# /// mutant
# cell = "cost_usd_per_good_die"
# loses = ["test_cost_usd_per_good_die"]
# misconception = "bad dies cost nothing"
# message = "a part that needs more costs more"
# ///
def cost_usd_per_good_die(wafer_usd, gross_dies, rest_yield, core_yield, cores, needed):
    if rest_yield <= 0:
        raise ValueError("no die can be sold")
    return wafer_usd / gross_dies
