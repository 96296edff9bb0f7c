# /// mutant
# cell = "gpus_count"
# loses = ["test_gpus_count"]
# misconception = "w_per_gpu still has to be raised by the PUE"
# message = "the PUE counts once"
# ///
def gpus_count(power_w, pue, w_per_gpu):
    if pue < 1:
        raise ValueError("pue below 1")
    it_power_w = power_w / pue
    return it_power_w / (w_per_gpu * pue)
