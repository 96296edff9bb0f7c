# /// mutant
# cell = "battery_periodic_w_j"
# loses = ["test_battery_periodic_w_j"]
# misconception = "the grid never reaches the level"
# message = "two small triangles are left"
# ///
def battery_periodic_w_j(swing_w, period_s, ramp_limit_w_per_s):
    energy_j = swing_w * period_s / 4 - ramp_limit_w_per_s * period_s**2 / 16
    reached_w = ramp_limit_w_per_s * period_s / 4
    if reached_w > swing_w / 2:  # "the triangle is cut off"
        energy_j = swing_w * period_s / 8 * (swing_w / 2 / reached_w) ** 2
    return swing_w / 2, energy_j
