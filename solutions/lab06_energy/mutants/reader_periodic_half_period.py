# /// mutant
# cell = "battery_periodic_w_j"
# loses = ["test_battery_periodic_w_j"]
# misconception = "the grid is thought to have half a period to climb, so the two drawings meet at the wrong limit"
# message = "cannot reach the level in a quarter of a period"
# ///
def battery_periodic_w_j(swing_w, period_s, ramp_limit_w_per_s):
    if ramp_limit_w_per_s * period_s / 2 >= swing_w / 2:
        return swing_w / 2, swing_w**2 / (4 * ramp_limit_w_per_s)
    return swing_w / 2, swing_w * period_s / 4 - ramp_limit_w_per_s * period_s**2 / 16
