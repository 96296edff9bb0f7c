# /// mutant
# cell = "gpus_count"
# loses = ["test_gpus_count"]
# misconception = "a PUE of 1.2 means that 20 % of the meter is lost"
# message = "does not lose a fifth"
# ///
def gpus_count(power_w, pue, w_per_gpu):
    if pue < 1:
        raise ValueError("pue below 1")
    return power_w * max(2 - pue, 0) / w_per_gpu
