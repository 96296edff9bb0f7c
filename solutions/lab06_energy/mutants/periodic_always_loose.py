# /// mutant
# cell = "battery_periodic_w_j"
# loses = ["test_battery_periodic_w_j"]
# misconception = "the grid always reaches the level"
# message = "in a triangle"
# ///
def battery_periodic_w_j(swing_w, period_s, ramp_limit_w_per_s):
    if ramp_limit_w_per_s == 0:
        return swing_w / 2, swing_w * period_s / 4
    return swing_w / 2, swing_w**2 / (4 * ramp_limit_w_per_s)
