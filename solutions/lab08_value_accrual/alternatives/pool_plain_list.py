# /// alternative
# cell = "pool_share"
# why = "plain Python, gives a list"
# ///
def pool_share(profit_usd):
    whole = sum(float(usd) for usd in profit_usd)
    if not whole > 0:
        raise ValueError(f"nothing to share: {whole}")
    return [float(usd) / whole for usd in profit_usd]
