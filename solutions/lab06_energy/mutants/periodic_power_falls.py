# /// mutant
# cell = "battery_periodic_w_j"
# loses = ["test_battery_periodic_w_j"]
# misconception = "a looser limit needs a smaller converter"
# message = "the converter's power does not depend on the limit"
# ///
def battery_periodic_w_j(swing_w, period_s, ramp_limit_w_per_s):
    carried_w = max(0.0, swing_w / 2 - ramp_limit_w_per_s * period_s / 4)
    return carried_w, carried_w * period_s / 2
