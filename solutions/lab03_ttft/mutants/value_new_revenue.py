# /// mutant
# cell = "latency_value_usd_per_year"
# loses = ["test_latency_value_usd_per_year"]
# misconception = "the new revenue is the gain"
# message = "implausibly too large in USD/yr"
# ///
import math


def latency_value_usd_per_year(
    before_s, after_s, revenue_usd_per_year, loss_per_s, threshold_s=0.0
):
    noticed_s = max(before_s, threshold_s) - max(after_s, threshold_s)
    return revenue_usd_per_year * math.exp(loss_per_s * noticed_s)
