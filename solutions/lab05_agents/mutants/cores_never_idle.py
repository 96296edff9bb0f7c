# /// mutant
# cell = "cpu_per_gpu_ratio"
# loses = ["test_cpu_per_gpu_ratio"]
# misconception = "only GPUs idle"
# message = "cores idle, too"
# ///
def cpu_per_gpu_ratio(core_s, gpu_s, core_utilisation, gpu_utilisation):
    if gpu_s <= 0 or core_utilisation <= 0 or gpu_utilisation <= 0:
        raise ValueError("must be positive")
    return core_s / (gpu_s / gpu_utilisation)
