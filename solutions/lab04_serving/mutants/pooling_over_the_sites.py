# /// mutant
# cell = "pooling_penalty_share"
# loses = ["test_pooling_penalty_share"]
# misconception = "a share of the sites' own capacity"
# message = "not of the sites'"
# ///
import math


def pooling_penalty_share(sites, load_slots, quality, correlation=0.0):
    apart = load_slots + quality * math.sqrt(sites * load_slots)
    pool = load_slots + quality * math.sqrt(load_slots * (1 + (sites - 1) * correlation))
    return (apart - pool) / apart
