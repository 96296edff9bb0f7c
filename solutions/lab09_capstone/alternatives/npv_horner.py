# /// alternative
# cell = "npv_usd"
# why = "Horner's rule from the last year backwards"
# ///
def npv_usd(rate, cash_flows_usd):
    worth = 0.0
    for flow in reversed(list(cash_flows_usd)):
        worth = worth / (1 + rate) + flow
    return worth
