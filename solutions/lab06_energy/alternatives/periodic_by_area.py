# /// alternative
# cell = "battery_periodic_w_j"
# why = "integrates the grid's path: half the swing over half a period, less what the grid carries"
# ///
def battery_periodic_w_j(swing_w, period_s, ramp_limit_w_per_s):
    half_w = swing_w / 2
    quarter_s = period_s / 4
    climb_s = quarter_s if ramp_limit_w_per_s == 0 else min(half_w / ramp_limit_w_per_s, quarter_s)
    top_w = half_w if climb_s < quarter_s else min(half_w, ramp_limit_w_per_s * climb_s)
    carried_j = 2 * (top_w * climb_s / 2 + top_w * (quarter_s - climb_s))
    return [half_w, max(0.0, half_w * 2 * quarter_s - carried_j)]
