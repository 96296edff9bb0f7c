# /// mutant
# cell = "battery_periodic_w_j"
# loses = ["test_battery_periodic_w_j"]
# misconception = "energy in watt-hours"
# message = "joules were asked for"
# ///
def battery_periodic_w_j(swing_w, period_s, ramp_limit_w_per_s):
    if ramp_limit_w_per_s * period_s / 4 >= swing_w / 2:
        energy_j = swing_w**2 / (4 * ramp_limit_w_per_s)
    else:
        energy_j = swing_w * period_s / 4 - ramp_limit_w_per_s * period_s**2 / 16
    return swing_w / 2, energy_j / 3600
