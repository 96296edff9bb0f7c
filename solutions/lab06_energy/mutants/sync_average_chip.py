# /// mutant
# cell = "sync_throughput_share"
# loses = ["test_sync_throughput_share"]
# misconception = "the job is as slow as the average chip"
# message = "more chips, slower steps"
# ///
def sync_throughput_share(p, chips, slow_speed):
    return 1 / (1 + p * (1 / slow_speed - 1))
