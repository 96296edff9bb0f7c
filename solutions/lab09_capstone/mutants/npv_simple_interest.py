# /// mutant
# cell = "npv_usd"
# loses = ["test_npv_usd"]
# misconception = "interest earns no interest"
# message = "interest earns interest"
# ///
def npv_usd(rate, cash_flows_usd):
    return sum(flow / (1 + rate * year) for year, flow in enumerate(cash_flows_usd))
