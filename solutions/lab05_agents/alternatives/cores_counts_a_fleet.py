# /// alternative
# cell = "cpu_per_gpu_ratio"
# why = "counts cores and GPUs of a fleet that finishes a task a second"
# ///
def cpu_per_gpu_ratio(core_s, gpu_s, core_utilisation, gpu_utilisation):
    if min(gpu_s, core_utilisation, gpu_utilisation) <= 0:
        raise ValueError("must be positive")
    cores_count = core_s / core_utilisation
    gpus_count = gpu_s / gpu_utilisation
    return cores_count / gpus_count
