# /// mutant
# cell = "site_cost_usd"
# loses = ["test_site_cost_usd"]
# misconception = "accelerators get cheaper with the size of the site"
# message = "a site that is all accelerators"
# ///
def site_cost_usd(power_w, reference_w, reference_usd, built_share, exponent):
    return reference_usd * (power_w / reference_w) ** exponent
