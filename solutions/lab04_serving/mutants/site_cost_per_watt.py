# /// mutant
# cell = "site_cost_usd"
# loses = ["test_site_cost_usd"]
# misconception = "a cost per watt is a cost"
# message = "an exponent of 1 is no scale economy"
# ///
def site_cost_usd(power_w, reference_w, reference_usd, built_share, exponent):
    ratio = power_w / reference_w
    return reference_usd * (built_share * ratio ** (exponent - 1) + 1 - built_share)
