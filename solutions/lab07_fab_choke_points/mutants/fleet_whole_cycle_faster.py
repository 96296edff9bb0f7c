# /// mutant
# cell = "fleet_growth_over_cycle"
# loses = ["test_fleet_growth_over_cycle"]
# misconception = "the whole cycle becomes faster"
# message = "only design becomes faster"
# ///
import numpy as np


def fleet_growth_over_cycle(growth_per_year, design_years, other_years, design_speedup=1.0):
    growth = np.asarray(growth_per_year, dtype=float)
    return growth ** ((design_years + other_years) / design_speedup)
