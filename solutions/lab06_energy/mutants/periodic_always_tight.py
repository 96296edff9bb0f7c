# /// mutant
# cell = "battery_periodic_w_j"
# loses = ["test_battery_periodic_w_j"]
# misconception = "the grid never reaches the level"
# message = "a tighter limit needs more energy"
# ///
def battery_periodic_w_j(swing_w, period_s, ramp_limit_w_per_s):
    energy_j = swing_w * period_s / 4 - ramp_limit_w_per_s * period_s**2 / 16
    return swing_w / 2, max(0.0, energy_j)
