"""What importing the library costs, in turn with NumPy and pandas."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median


def wall_s(code: str) -> float:
    """Seconds of one fresh Python process that runs `code`."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def main(rounds: int = 9) -> None:
    """What importing the library adds to importing nothing, in turn with NumPy and pandas."""
    codes = {
        "nothing": "pass",
        "numpy": "import numpy",
        "supercycle": "import supercycle",
        "supercycle.chips": "from supercycle import chips; chips.accelerator('h100-sxm')",
        "pandas": "import pandas",
    }
    samples: dict[str, list[float]] = {name: [] for name in codes}
    for _ in range(rounds):
        for name, code in codes.items():
            samples[name].append(wall_s(code))
    base = median(samples["nothing"])
    numpy_s = median(samples["numpy"]) - base
    print("import                 adds     relative to numpy")
    for name in list(codes)[1:]:
        added = median(samples[name]) - base
        print(f"{name:18s} {added * 1e3:6.0f} ms   {added / numpy_s:5.2f}")


if __name__ == "__main__":
    main()
