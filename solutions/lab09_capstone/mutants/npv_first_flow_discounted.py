# /// mutant
# cell = "npv_usd"
# loses = ["test_npv_usd"]
# misconception = "the first flow comes a year from now"
# message = "flow of today is not discounted"
# ///
def npv_usd(rate, cash_flows_usd):
    return sum(flow / (1 + rate) ** year for year, flow in enumerate(cash_flows_usd, start=1))
