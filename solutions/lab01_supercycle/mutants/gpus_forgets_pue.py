# /// mutant
# cell = "gpus_count"
# loses = ["test_gpus_count"]
# misconception = "every watt at the meter reaches a machine"
# message = "a worse PUE feeds fewer"
# ///
def gpus_count(power_w, pue, w_per_gpu):
    if pue < 1:
        raise ValueError("pue below 1")
    return power_w / w_per_gpu
