# /// alternative
# cell = "gw_lost_without"
# why = "plain Python, time after time"
# ///
def gw_lost_without(firm, years, stages):
    names = set()
    for s in stages.values():
        names |= set(s["makers"]) | set(s["toolmakers"])
    if firm not in names:
        raise ValueError(f"{firm} is not in the chain")
    lost = []
    for t in years:
        before = min(s["gw_per_year"] * (1 + s["growth_per_year"]) ** t for s in stages.values())
        after = float("inf")
        for s in stages.values():
            left = s["gw_per_year"] - s["gw_per_year"] * s["makers"].get(firm, 0)
            pace = s["growth_per_year"] - s["growth_per_year"] * s["toolmakers"].get(firm, 0)
            after = min(after, left * (1 + pace) ** t)
        lost.append(before - after)
    return lost
