# /// mutant
# cell = "sync_throughput_share"
# loses = ["test_sync_throughput_share"]
# misconception = "the chance that no chip throttles"
# message = "without throttling the job runs at full speed"
# ///
def sync_throughput_share(p, chips, slow_speed):
    hit = (1 - p) ** chips
    return 1 / (1 + hit * (1 / slow_speed - 1))
