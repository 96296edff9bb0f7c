# /// mutant
# cell = "fleet_growth_over_cycle"
# loses = ["test_fleet_growth_over_cycle"]
# misconception = "threefold is a growth of 300 per cent"
# message = "a fleet that does not grow"
# ///
import numpy as np


def fleet_growth_over_cycle(growth_per_year, design_years, other_years, design_speedup=1.0):
    growth = np.asarray(growth_per_year, dtype=float)
    return (1 + growth) ** (design_years / np.asarray(design_speedup) + other_years)
