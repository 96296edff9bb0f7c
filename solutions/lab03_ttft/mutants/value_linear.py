# /// mutant
# cell = "latency_value_usd_per_year"
# loses = ["test_latency_value_usd_per_year"]
# misconception = "each second loses the same number of dollars"
# message = "use the exponential"
# ///
def latency_value_usd_per_year(
    before_s, after_s, revenue_usd_per_year, loss_per_s, threshold_s=0.0
):
    noticed_s = max(before_s, threshold_s) - max(after_s, threshold_s)
    return revenue_usd_per_year * loss_per_s * noticed_s
