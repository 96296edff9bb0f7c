# /// mutant
# cell = "battery_step_w_j"
# loses = ["test_battery_step_w_j"]
# misconception = "a grid that may not move needs an infinite battery"
# message = "a grid that may not move at all"
# ///
def battery_step_w_j(swing_w, ramp_limit_w_per_s):
    if ramp_limit_w_per_s <= 0:
        return swing_w, float("inf")
    return swing_w, swing_w**2 / (2 * ramp_limit_w_per_s)
