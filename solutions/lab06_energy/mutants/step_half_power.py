# /// mutant
# cell = "battery_step_w_j"
# loses = ["test_battery_step_w_j"]
# misconception = "the grid meets the step in the middle"
# message = "the grid is not in the middle"
# ///
def battery_step_w_j(swing_w, ramp_limit_w_per_s):
    if not ramp_limit_w_per_s > 0:
        raise ValueError("no ramp")
    return swing_w / 2, swing_w**2 / (2 * ramp_limit_w_per_s)
