# /// mutant
# cell = "site_cost_usd"
# loses = ["test_site_cost_usd"]
# misconception = "the exponent is that of what is bought"
# message = "a site that is all accelerators"
# ///
def site_cost_usd(power_w, reference_w, reference_usd, built_share, exponent):
    ratio = power_w / reference_w
    return reference_usd * ((1 - built_share) * ratio**exponent + built_share * ratio)
