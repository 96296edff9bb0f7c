# /// mutant
# cell = "slots_for_slo_count"
# loses = ["test_slots_for_slo_count"]
# misconception = "stops after the first number that is enough"
# message = "one too many"
# ///
import math


def slots_for_slo_count(waits, load, service_s, wait_s, late_share):
    slots = math.floor(load) + 1
    late = 1.0
    while late > late_share:
        late = waits(slots, load) * math.exp(-(slots - load) * wait_s / service_s)
        slots += 1
    return slots if slots > math.floor(load) + 2 else slots - 1
