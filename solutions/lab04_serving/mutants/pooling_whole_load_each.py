# /// mutant
# cell = "pooling_penalty_share"
# loses = ["test_pooling_penalty_share"]
# misconception = "each site has the spread of the whole load"
# message = "crowds that come together"
# ///
import math


def pooling_penalty_share(sites, load_slots, quality, correlation=0.0):
    pool = load_slots + quality * math.sqrt(load_slots * (1 + (sites - 1) * correlation))
    return (load_slots + sites * quality * math.sqrt(load_slots)) / pool - 1
