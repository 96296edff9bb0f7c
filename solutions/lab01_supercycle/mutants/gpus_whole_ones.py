# /// mutant
# cell = "gpus_count"
# loses = ["test_gpus_count"]
# misconception = "machines are counted in whole numbers"
# message = "unrounded"
# ///
def gpus_count(power_w, pue, w_per_gpu):
    if pue < 1:
        raise ValueError("pue below 1")
    return power_w / pue // w_per_gpu
