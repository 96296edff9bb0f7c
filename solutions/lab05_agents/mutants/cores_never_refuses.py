# /// mutant
# cell = "cpu_per_gpu_ratio"
# loses = ["test_cpu_per_gpu_ratio"]
# misconception = "what cannot be divided is infinite"
# message = "calls that take no time should raise"
# ///
def cpu_per_gpu_ratio(core_s, gpu_s, core_utilisation, gpu_utilisation):
    below = gpu_s * core_utilisation
    return core_s * gpu_utilisation / below if below else math.inf
