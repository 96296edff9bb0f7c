# /// mutant
# cell = "battery_step_w_j"
# loses = ["test_battery_step_w_j"]
# misconception = "a limit below zero is taken for a ramp"
# message = "a negative limit should raise ValueError"
# ///
def battery_step_w_j(swing_w, ramp_limit_w_per_s):
    if ramp_limit_w_per_s == 0:
        raise ValueError("the grid has to move")
    return swing_w, swing_w**2 / (2 * ramp_limit_w_per_s)
