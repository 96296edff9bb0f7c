# /// alternative
# cell = "capex_ladder_usd_per_gw"
# why = "a loop that climbs, lists instead of an array"
# ///
def capex_ladder_usd_per_gw(layers_usd_per_w, pue, server_overhead):
    table, climbed = [], 0.0
    for layer in layers_usd_per_w:
        climbed += layer
        at_meter = climbed * 1e9
        of_machines = at_meter * pue
        table.append([at_meter, of_machines, of_machines * server_overhead])
    return table
