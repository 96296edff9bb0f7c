# /// mutant
# cell = "gw_lost_without"
# loses = ["test_gw_lost_without"]
# misconception = "the search stops at the first stage that the firm has a part in"
# message = "a maker at three stages lost"
# ///
import numpy as np


def gw_lost_without(firm, years, stages):
    years = np.asarray(years, dtype=float)
    before, after, found = [], [], False
    for stage in stages.values():
        level, growth = stage["gw_per_year"], stage["growth_per_year"]
        before.append(level * (1 + growth) ** years)
        if not found and (firm in stage["makers"] or firm in stage["toolmakers"]):
            found = True
            level = level * (1 - stage["makers"].get(firm, 0.0))
            growth = growth * (1 - stage["toolmakers"].get(firm, 0.0))
        after.append(level * (1 + growth) ** years)
    if not found:
        raise ValueError(f"nobody has heard of {firm}")
    return np.min(before, axis=0) - np.min(after, axis=0)
