# /// mutant
# cell = "gpus_count"
# loses = ["test_gpus_count"]
# misconception = "a PUE of 1.2 gives the machines 1.2 times the power"
# message = "a worse PUE feeds fewer"
# ///
def gpus_count(power_w, pue, w_per_gpu):
    if pue < 1:
        raise ValueError("pue below 1")
    return power_w * pue / w_per_gpu
