# /// mutant
# cell = "npv_usd"
# loses = ["test_npv_usd"]
# misconception = "what is paid today is no part of it"
# message = "flows add up"
# ///
def npv_usd(rate, cash_flows_usd):
    return sum(flow / (1 + rate) ** (year + 1) for year, flow in enumerate(cash_flows_usd[1:]))
