# /// mutant
# cell = "sync_throughput_share"
# loses = ["test_sync_throughput_share"]
# misconception = "the length of a step is the speed"
# message = "implausibly too large"
# ///
def sync_throughput_share(p, chips, slow_speed):
    hit = 1 - (1 - p) ** chips
    return 1 + hit * (1 / slow_speed - 1)
