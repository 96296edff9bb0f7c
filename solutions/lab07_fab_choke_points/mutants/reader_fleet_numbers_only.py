# /// mutant
# cell = "fleet_growth_over_cycle"
# loses = ["test_fleet_growth_over_cycle"]
# misconception = "infinity is asked for with math.isinf, which takes no array"
# message = "an array should do as well as a number"
# ///
import math


def fleet_growth_over_cycle(growth_per_year, design_years, other_years, design_speedup=1.0):
    if math.isinf(design_speedup):
        return growth_per_year**other_years
    return growth_per_year ** (design_years / design_speedup + other_years)
