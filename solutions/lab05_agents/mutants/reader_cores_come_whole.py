# /// mutant
# cell = "cpu_per_gpu_ratio"
# loses = ["test_cpu_per_gpu_ratio"]
# misconception = "cores come whole"
# message = "not rounded"
# ///
import math


def cpu_per_gpu_ratio(core_s, gpu_s, core_utilisation, gpu_utilisation):
    if min(gpu_s, core_utilisation, gpu_utilisation) <= 0:
        raise ValueError("must be positive")
    return math.ceil(core_s * gpu_utilisation / (gpu_s * core_utilisation))
