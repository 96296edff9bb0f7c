# /// mutant
# cell = "sync_throughput_share"
# loses = ["test_sync_throughput_share"]
# misconception = "speeds of steps are averaged"
# message = "add the times of the steps"
# ///
def sync_throughput_share(p, chips, slow_speed):
    hit = 1 - (1 - p) ** chips
    return (1 - hit) + hit * slow_speed
