# /// mutant
# cell = "npv_usd"
# loses = ["test_npv_usd"]
# misconception = "money is worth the same in every year"
# message = "worth less at a higher rate"
# ///
def npv_usd(rate, cash_flows_usd):
    return sum(cash_flows_usd)
