# /// mutant
# cell = "yield_share"
# loses = ["test_yield_share"]
# misconception = "a power of one is one, so infinite clustering spoils nothing"
# message = "stronger clustering spoils fewer dies"
# ///
def yield_share(area_mm2, defects_per_cm2, clustering):
    defects = area_mm2 / 100 * defects_per_cm2
    return (1 + defects / clustering) ** -clustering
