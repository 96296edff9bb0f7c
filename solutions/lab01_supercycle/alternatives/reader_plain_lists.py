# /// alternative
# cell = "capex_ladder_usd_per_gw"
# why = "lists instead of arrays, and what is left instead of what is served"
# ///
def capex_ladder_usd_per_gw(layers_usd_per_w, pue, server_overhead):
    table, rung = [], 0.0
    for layer in layers_usd_per_w:
        rung += layer * 1e9
        table.append([rung, rung * pue, rung * pue * server_overhead])
    return table


# %% grid_share
def grid_share(power_w, demand_wh_per_year, capacity_w):
    return [power_w * 8760 / demand_wh_per_year, power_w / capacity_w]


# %% shadow_price_usd_per_mtok
def shadow_price_usd_per_mtok(demand_tokens, value_usd_per_mtok, capacity_tokens):
    left = capacity_tokens
    for value, demand in sorted(zip(value_usd_per_mtok, demand_tokens), reverse=True):
        left -= demand
        if left < 0:
            return value
    return 0


# %% recognised_usd
def recognised_usd(arr0, arr1):
    if min(arr0, arr1) <= 0:
        raise ValueError("both rates must be positive")
    instants = np.linspace(0, 1, 200_001)
    return np.trapezoid(arr0 ** (1 - instants) * arr1**instants, instants)
