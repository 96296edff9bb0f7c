# /// mutant
# cell = "gw_lost_without"
# loses = ["test_gw_lost_without"]
# misconception = "what is left is the answer"
# message = "losing the toolmaker takes nothing at once"
# ///
import numpy as np


def gw_lost_without(firm, years, stages):
    if not any(firm in s["makers"] or firm in s["toolmakers"] for s in stages.values()):
        raise ValueError("unknown firm")
    years = np.asarray(years, dtype=float)

    def made(gone):
        paths = []
        for s in stages.values():
            start = s["gw_per_year"] * (1 - s["makers"].get(gone, 0.0))
            growth = s["growth_per_year"] * (1 - s["toolmakers"].get(gone, 0.0))
            paths.append(start * (1 + growth) ** years)
        return np.min(paths, axis=0)

    return made(firm)
