# /// mutant
# cell = "gpus_count"
# loses = ["test_gpus_count"]
# misconception = "an assertion instead of a ValueError"
# message = "should raise ValueError, it raised AssertionError"
# ///
def gpus_count(power_w, pue, w_per_gpu):
    assert pue >= 1, "the PUE must be at least 1"
    return power_w / (pue * w_per_gpu)
