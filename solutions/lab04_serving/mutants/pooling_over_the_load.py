# /// mutant
# cell = "pooling_penalty_share"
# loses = ["test_pooling_penalty_share"]
# misconception = "a share of the mean load"
# message = "its spare places count, too"
# ///
import math


def pooling_penalty_share(sites, load_slots, quality, correlation=0.0):
    apart = quality * math.sqrt(sites * load_slots)
    pool = quality * math.sqrt(load_slots * (1 + (sites - 1) * correlation))
    return (apart - pool) / load_slots
