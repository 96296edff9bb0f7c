# /// alternative
# cell = "slots_for_slo_count"
# why = "doubling and bisection instead of counting up"
# ///
import math


def slots_for_slo_count(waits, load, service_s, wait_s, late_share):
    def late(slots):
        return waits(slots, load) * math.exp(-(slots - load) * wait_s / service_s)

    few = int(load // 1)
    step = 1
    while late(few + step) > late_share:
        step *= 2
    low, high = few, few + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if late(middle) <= late_share else (middle, high)
    return high
