# /// alternative
# cell = "dies_per_wafer_count"
# why = "corners counted one by one; elasticities from logarithms; one loop over firms; exponentials"
# ///
import numpy as np


def dies_per_wafer_count(width_mm, height_mm, wafer_mm=300.0, edge_mm=3.0):
    reach = wafer_mm / 2 - edge_mm
    if reach <= 0:
        return 0
    most = 0
    for x0 in (0.0, width_mm / 2):
        for y0 in (0.0, height_mm / 2):
            left = x0 + width_mm * np.arange(-160, 160)
            low = y0 + height_mm * np.arange(-160, 160)
            x = np.maximum(abs(left), abs(left + width_mm))
            y = np.maximum(abs(low), abs(low + height_mm))
            most = max(most, int((np.hypot(*np.meshgrid(x, y)) <= reach).sum()))
    return most


# %% choke_elasticity
import math


def choke_elasticity(output, capacity, step=1e-4):
    now = output(dict(capacity))
    if now <= 0:
        raise ValueError("nothing is made to begin with")
    found = {}
    for stage in capacity:
        fewer, more = dict(capacity), dict(capacity)
        fewer[stage] *= 1 - step
        more[stage] *= 1 + step
        found[stage] = (
            math.log(output(fewer) / now) / math.log1p(-step),
            math.log(output(more) / now) / math.log1p(step),
        )
    return found


# %% gw_lost_without
def gw_lost_without(firm, years, stages):
    if not any(firm in {**s["makers"], **s["toolmakers"]} for s in stages.values()):
        raise ValueError(f"no stage has a firm {firm}")

    def output(year, without):
        return min(
            s["gw_per_year"]
            * (1 - s["makers"].get(without, 0))
            * math.exp(
                year * math.log1p(s["growth_per_year"] * (1 - s["toolmakers"].get(without, 0)))
            )
            for s in stages.values()
        )

    return np.array([output(year, None) - output(year, firm) for year in years])


# %% fleet_growth_over_cycle
def fleet_growth_over_cycle(growth_per_year, design_years, other_years, design_speedup=1.0):
    years = np.divide(design_years, design_speedup) + other_years
    return np.exp(np.log(growth_per_year) * years)
