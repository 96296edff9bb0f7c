# /// alternative
# cell = "fleet_growth_over_cycle"
# why = "growth during design times growth during the rest"
# ///
import numpy as np


def fleet_growth_over_cycle(growth_per_year, design_years, other_years, design_speedup=1.0):
    per_year = np.log(growth_per_year)
    during_design = np.exp(per_year * np.divide(design_years, design_speedup))
    return during_design * np.exp(per_year * other_years)
