# /// mutant
# cell = "yield_share"
# loses = ["test_yield_share"]
# misconception = "a square centimetre has ten square millimetres"
# message = "100 mm"
# ///
import math


def yield_share(area_mm2, defects_per_cm2, clustering):
    defects = area_mm2 / 10 * defects_per_cm2
    if math.isinf(clustering):
        return math.exp(-defects)
    return (1 + defects / clustering) ** -clustering
