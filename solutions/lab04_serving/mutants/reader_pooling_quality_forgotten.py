# /// mutant
# cell = "pooling_penalty_share"
# loses = ["test_pooling_penalty_share"]
# misconception = "one standard deviation of spare places, whatever quality says"
# message = "`quality` standard deviations, not one"
# ///
import math


def pooling_penalty_share(sites, load_slots, quality, correlation=0.0):
    pool = load_slots + math.sqrt(load_slots * (1 + (sites - 1) * correlation))
    apart = load_slots + sites * math.sqrt(load_slots / sites)
    return apart / pool - 1
