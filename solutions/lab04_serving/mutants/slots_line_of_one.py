# /// mutant
# cell = "slots_for_slo_count"
# loses = ["test_slots_for_slo_count"]
# misconception = "the line drains as fast as one place serves"
# message = "every spare place drains the line"
# ///
import math


def slots_for_slo_count(waits, load, service_s, wait_s, late_share):
    slots = math.floor(load) + 1
    while waits(slots, load) * math.exp(-wait_s / service_s) > late_share:
        slots += 1
    return slots
