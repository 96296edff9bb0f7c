# /// mutant
# cell = "battery_periodic_w_j"
# loses = ["test_battery_periodic_w_j"]
# misconception = "the battery carries the whole step"
# message = "the battery carries half the step"
# ///
def battery_periodic_w_j(swing_w, period_s, ramp_limit_w_per_s):
    if ramp_limit_w_per_s * period_s / 4 >= swing_w / 2:
        energy_j = swing_w**2 / (4 * ramp_limit_w_per_s)
    else:
        energy_j = swing_w * period_s / 4 - ramp_limit_w_per_s * period_s**2 / 16
    return swing_w, energy_j
