# /// alternative
# cell = "max_ramp_w_per_s"
# why = "compares pairs one after the other"
# ///
def max_ramp_w_per_s(power_w, step_s, window_s):
    lag = int(window_s / step_s + 0.5)
    steepest = 0.0
    for i in range(len(power_w) - lag):
        steepest = max(steepest, abs(float(power_w[i + lag]) - float(power_w[i])))
    return steepest / window_s
