# /// mutant
# cell = "battery_step_w_j"
# loses = ["test_battery_step_w_j"]
# misconception = "the battery gives the whole step until the grid is there"
# message = "a triangle, not a rectangle"
# ///
def battery_step_w_j(swing_w, ramp_limit_w_per_s):
    if not ramp_limit_w_per_s > 0:
        raise ValueError("no ramp")
    return swing_w, swing_w**2 / ramp_limit_w_per_s
