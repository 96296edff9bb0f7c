# /// mutant
# cell = "pool_share"
# loses = ["test_pool_share"]
# misconception = "a loss adds to the pool like a profit"
# message = "the shares sum to 1"
# ///
def pool_share(profit_usd):
    if sum(profit_usd) <= 0:
        raise ValueError("no pool")
    whole = sum(abs(usd) for usd in profit_usd)
    return [usd / whole for usd in profit_usd]
