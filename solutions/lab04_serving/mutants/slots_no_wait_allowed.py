# /// mutant
# cell = "slots_for_slo_count"
# loses = ["test_slots_for_slo_count"]
# misconception = "every wait breaks the promise"
# message = "a shorter wait needs more places"
# ///
import math


def slots_for_slo_count(waits, load, service_s, wait_s, late_share):
    slots = math.floor(load) + 1
    while waits(slots, load) > late_share:
        slots += 1
    return slots
