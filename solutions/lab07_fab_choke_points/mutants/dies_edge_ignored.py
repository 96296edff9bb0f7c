# /// mutant
# cell = "dies_per_wafer_count"
# loses = ["test_dies_per_wafer_count"]
# misconception = "dies may reach the edge of the wafer"
# message = "a narrower rim leaves room for more"
# ///
import itertools

import numpy as np


def dies_per_wafer_count(width_mm, height_mm, wafer_mm=300.0, edge_mm=3.0):
    radius = wafer_mm / 2
    steps = np.arange(-200, 200)
    counts = []
    for shift_x, shift_y in itertools.product((0.0, 0.5), repeat=2):
        far_x = abs(steps + shift_x) * width_mm + width_mm / 2
        far_y = abs(steps + shift_y) * height_mm + height_mm / 2
        inside = far_x[:, None] ** 2 + far_y[None, :] ** 2 <= radius**2
        counts.append(int(inside.sum()))
    return max(counts)
