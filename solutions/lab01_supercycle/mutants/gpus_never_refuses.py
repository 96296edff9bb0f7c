# /// mutant
# cell = "gpus_count"
# loses = ["test_gpus_count"]
# misconception = "any PUE is possible"
# message = "a PUE below 1"
# ///
def gpus_count(power_w, pue, w_per_gpu):
    return power_w / pue / w_per_gpu
