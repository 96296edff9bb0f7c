# /// mutant
# cell = "battery_periodic_w_j"
# loses = ["test_battery_periodic_w_j"]
# misconception = "only the climb is counted, not the way back"
# message = "both sides of the middle"
# ///
def battery_periodic_w_j(swing_w, period_s, ramp_limit_w_per_s):
    if ramp_limit_w_per_s * period_s / 4 >= swing_w / 2:
        energy_j = swing_w**2 / (8 * ramp_limit_w_per_s)
    else:
        energy_j = swing_w * period_s / 4 - ramp_limit_w_per_s * period_s**2 / 16
    return swing_w / 2, energy_j
