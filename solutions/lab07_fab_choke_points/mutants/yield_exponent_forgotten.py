# /// mutant
# cell = "yield_share"
# loses = ["test_yield_share"]
# misconception = "the clustering parameter only divides the defects"
# message = "stronger clustering spoils fewer dies"
# ///
import math


def yield_share(area_mm2, defects_per_cm2, clustering):
    defects = area_mm2 / 100 * defects_per_cm2
    if math.isinf(clustering):
        return math.exp(-defects)
    return 1 / (1 + defects / clustering)
