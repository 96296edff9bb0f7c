# /// mutant
# cell = "dies_per_wafer_count"
# loses = ["test_dies_per_wafer_count"]
# misconception = "a die whose corner touches the usable radius is thrown away"
# message = "touching the rim is allowed"
# ///
import numpy as np


def dies_per_wafer_count(width_mm, height_mm, wafer_mm=300.0, edge_mm=3.0):
    radius = wafer_mm / 2 - edge_mm
    k = np.arange(-200, 201)
    counts = []
    for x_shift in (0.0, 0.5):
        for y_shift in (0.0, 0.5):
            x = (np.abs(k + x_shift + 0.5) + 0.5) * width_mm
            y = (np.abs(k + y_shift + 0.5) + 0.5) * height_mm
            counts.append(int((x[:, None] ** 2 + y[None, :] ** 2 < radius**2).sum()))
    return max(counts)
