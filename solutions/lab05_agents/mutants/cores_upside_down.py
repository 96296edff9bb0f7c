# /// mutant
# cell = "cpu_per_gpu_ratio"
# loses = ["test_cpu_per_gpu_ratio"]
# misconception = "GPUs for each core"
# message = "longer tests need more cores"
# ///
def cpu_per_gpu_ratio(core_s, gpu_s, core_utilisation, gpu_utilisation):
    if gpu_s <= 0 or core_utilisation <= 0 or gpu_utilisation <= 0:
        raise ValueError("must be positive")
    if core_s == 0:
        return 0.0
    return (gpu_s / gpu_utilisation) / (core_s / core_utilisation)
