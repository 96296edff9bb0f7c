# /// alternative
# cell = "sync_throughput_share"
# why = "log1p and expm1, exact for tiny chances"
# ///
import math


def sync_throughput_share(p, chips, slow_speed):
    if p == 1:
        return slow_speed
    hit = -math.expm1(chips * math.log1p(-p))
    return slow_speed / (slow_speed + hit * (1 - slow_speed))
