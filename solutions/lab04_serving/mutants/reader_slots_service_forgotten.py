# /// mutant
# cell = "slots_for_slo_count"
# loses = ["test_slots_for_slo_count"]
# misconception = "the line drains by one place a second, however long a request holds its place"
# message = "a place is held for service_s"
# ///
import math


def slots_for_slo_count(waits, load, service_s, wait_s, late_share):
    places = math.floor(load) + 1
    while waits(places, load) * math.exp(-(places - load) * wait_s) > late_share:
        places += 1
    return places
