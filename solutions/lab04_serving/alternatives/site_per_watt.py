# /// alternative
# cell = "site_cost_usd"
# why = "cost per watt times watts"
# ///
def site_cost_usd(power_w, reference_w, reference_usd, built_share, exponent):
    usd_per_w = reference_usd / reference_w
    scale = (power_w / reference_w) ** (exponent - 1)
    return power_w * usd_per_w * (1 - built_share + built_share * scale)
