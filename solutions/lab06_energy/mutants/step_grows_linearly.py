# /// mutant
# cell = "battery_step_w_j"
# loses = ["test_battery_step_w_j"]
# misconception = "energy is in proportion to the step"
# message = "four times the energy"
# ///
def battery_step_w_j(swing_w, ramp_limit_w_per_s):
    if not ramp_limit_w_per_s > 0:
        raise ValueError("no ramp")
    return swing_w, swing_w * 3600 / 2 if ramp_limit_w_per_s < float("inf") else 0.0
