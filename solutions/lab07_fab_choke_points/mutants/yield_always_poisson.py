# /// mutant
# cell = "yield_share"
# loses = ["test_yield_share"]
# misconception = "defects fall independently"
# message = "stronger clustering spoils fewer dies"
# ///
import math


def yield_share(area_mm2, defects_per_cm2, clustering):
    return math.exp(-area_mm2 / 100 * defects_per_cm2)
