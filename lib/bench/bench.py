"""Speed as ratios within one run: ``make bench``, or ``make bench WHAT="imports cluster"``.

Absolute times on a shared machine mean little; a ratio to something measured in the same minute
does. Every ``bench_<name>.py`` beside this file, and in ``grading/bench/``, has a ``main()`` that
prints its table; the public tools they are compared with stand in ``rivals.txt``, and each is left
out with a line that says so where it is not installed.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDERS = (HERE, HERE.parents[1] / "grading" / "bench")


def benches() -> dict[str, Path]:
    """Name → file, in the order of names."""
    found = [path for folder in FOLDERS for path in folder.glob("bench_*.py")]
    return {path.stem.removeprefix("bench_"): path for path in sorted(found)}


def main(wanted: list[str]) -> None:
    """Run the named benches, or all."""
    known = benches()
    for name in wanted:
        if name not in known:
            sys.exit(f"no bench {name!r}: must be one of {', '.join(known)}")
    for name in wanted or known:
        print(f"\n== {name} ==", flush=True)
        sys.argv = [str(known[name])]  # a bench's own options are for running it alone
        runpy.run_path(str(known[name]))["main"]()


if __name__ == "__main__":
    main(sys.argv[1:])
