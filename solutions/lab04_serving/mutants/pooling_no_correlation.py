# /// mutant
# cell = "pooling_penalty_share"
# loses = ["test_pooling_penalty_share"]
# misconception = "crowds are always independent"
# message = "crowds that come together"
# ///
import math


def pooling_penalty_share(sites, load_slots, quality, correlation=0.0):
    apart = load_slots + quality * math.sqrt(sites * load_slots)
    return apart / (load_slots + quality * math.sqrt(load_slots)) - 1
