# /// mutant
# cell = "sync_throughput_share"
# loses = ["test_sync_throughput_share"]
# misconception = "the chances of all chips add up"
# message = "chances of many chips do not simply add up"
# ///
def sync_throughput_share(p, chips, slow_speed):
    hit = min(1.0, p * chips)
    return 1 / (1 + hit * (1 / slow_speed - 1))
