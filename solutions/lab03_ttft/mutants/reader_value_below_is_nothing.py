# /// mutant
# cell = "latency_value_usd_per_year"
# loses = ["test_latency_value_usd_per_year"]
# misconception = "nothing is gained once the wait ends below the threshold"
# message = "as far as it lies above"
# ///
def latency_value_usd_per_year(
    before_s, after_s, revenue_usd_per_year, loss_per_s, threshold_s=0.0
):
    if before_s < threshold_s or after_s < threshold_s:
        return 0.0
    return revenue_usd_per_year * (math.exp(loss_per_s * (before_s - after_s)) - 1)
