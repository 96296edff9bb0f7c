"""The checks that take minutes: what each rests on, and what it showed when it was last run.

    python grading/tests/slow_checks.py             # run what is out of date, and record it
    python grading/tests/slow_checks.py --all       # run everything
    python grading/tests/slow_checks.py mutation-lab03_ttft kill-minus-9

`slow-checks.json` holds a record for each check: the date, a hash of the files that it rests on, the
seconds it took and the figures it printed. A record whose files have changed since is stale, and
`test_slow_checks.py` fails until the check has been run again. A check without a record is due.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECORDS = Path(__file__).with_name("slow-checks.json")
PYTEST = ("-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "slow")


@dataclass(frozen=True)
class Check:
    """A check that takes minutes.

    Attributes
    ----------
    arguments : tuple of str
        What Python is called with.
    rests_on : tuple of str
        Patterns of the files below the root whose change makes its record stale.
    figures : str
        A regular expression of the lines to keep of what it prints.
    """

    arguments: tuple[str, ...]
    rests_on: tuple[str, ...]
    figures: str = r"\d+ passed"

    def files(self) -> list[Path]:
        """Return the files it rests on, in order; a pattern without a file is an error."""
        found: set[Path] = set()
        for pattern in self.rests_on:
            of_pattern = {p for p in ROOT.glob(pattern) if p.is_file() and p.suffix != ".pyc"}
            if not of_pattern:
                raise SystemExit(f"no file matches {pattern!r}, on which a slow check rests")
            found |= of_pattern
        return sorted(found)

    def code(self) -> str:
        """Return a hash of those files, names included."""
        digest = hashlib.sha256()
        for path in self.files():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(ROOT)} {content}\n".encode())
        return digest.hexdigest()[:16]


def _pytest(*paths: str, rests_on: tuple[str, ...]) -> Check:
    return Check((*PYTEST, *paths), (*paths, *rests_on))


_SANDBOX = ("grading/grader/execution/*.py",)
_ENGINE = (
    *_SANDBOX,
    *(
        f"grading/grader/{name}.py"
        for name in ("engine", "pool", "pipeline", "journal", "gradebook")
    ),
)


def _mutation(lab: str) -> Check:
    # The rate is a property of a lab's answers and tests; that the library still carries both is
    # shown in every run by `grader verify`.
    return Check(
        ("-c", "from grader.cli import main; main()", "verify", lab, "--mutation"),
        (f"solutions/{lab}/*.py", f"solutions/{lab}/lab.toml", "grading/grader/mutation.py"),
        figures=r"mechanical mutants noticed",
    )


def checks() -> dict[str, Check]:
    """Return every slow check by name."""
    labs = sorted(p.parent.name for p in ROOT.glob("solutions/*/lab.toml"))
    return {
        **{f"mutation-{lab}": _mutation(lab) for lab in labs},
        "kill-minus-9": _pytest("grading/tests/test_faults.py", rests_on=_ENGINE),
        "exchange-faults": _pytest(
            "grading/tests/test_exchange_faults.py", rests_on=("grading/grader/exchange/*.py",)
        ),
        "exchange-load": Check(
            ("grading/bench/bench_exchange.py",),
            ("grading/bench/bench_exchange.py", "grading/grader/exchange/*.py", *_ENGINE),
            figures=r"at once|p50|fetch|save|submit|list|collect|lost|grade",
        ),
        "hub-load": Check(
            ("grading/bench/bench_hub.py",),
            (
                "grading/bench/bench_hub.py",
                "grading/bench/bench_exchange.py",
                "grading/hub/*.py",
                "grading/hub/servers/**/*",
                "grading/grader/exchange/*.py",
            ),
            figures=r"servers in|p50|start|fetch|open|save|submit|collect|lost|grade",
        ),
        "ordinary-user": _pytest("grading/tests/test_execution_sandbox.py", rests_on=_SANDBOX),
        "variants-in-two-processes": _pytest(
            "grading/tests/test_execution_labs.py", rests_on=_SANDBOX
        ),
        "tensors": _pytest("grading/tests/test_execution_values.py", rests_on=_SANDBOX),
        "corpus-through-nbgrader": _pytest(
            "grading/tests/test_corpus_through_nbgrader.py",
            rests_on=(
                *_ENGINE,
                "grading/grader/converters.py",
                "grading/grader/damage.py",
                "grading/tests/corpus/*.py",
            ),
        ),
        "own-notebook": _pytest(
            "lib/tests/test_cli_check.py",
            rests_on=("lib/supercycle/cli/check*.py", "labs/*/*.ipynb"),
        ),
        "hourly-year": _pytest(
            "lib/tests/test_energy_supply.py", rests_on=("lib/supercycle/energy/supply.py",)
        ),
        "scaling-intervals": _pytest(
            "lib/tests/test_models_scaling.py", rests_on=("lib/supercycle/models/scaling/*.py",)
        ),
        "scenarios-lab04": _pytest(
            "lib/tests/test_scenario_lab04.py",
            rests_on=("lib/supercycle/scenario/lab04.py", "lib/supercycle/cluster/*.py"),
        ),
        "scenarios-lab06": _pytest(
            "lib/tests/test_scenario_lab06.py",
            rests_on=("lib/supercycle/scenario/lab06.py", "lib/supercycle/energy/supply.py"),
        ),
    }


def read_records() -> dict[str, dict[str, object]]:
    """Return the records by check."""
    return json.loads(RECORDS.read_text(encoding="utf-8")) if RECORDS.exists() else {}


def stale(records: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Return the checks whose record is of other code than the files as they are."""
    return [
        name
        for name, check in checks().items()
        if name in records and records[name]["code"] != check.code()
    ]


def due(records: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Return the checks to run: those that are stale, and those never recorded."""
    outdated = set(stale(records))
    return [name for name in checks() if name in outdated or name not in records]


def run(name: str, check: Check) -> dict[str, object]:
    """Run a check to its end; one that fails ends everything and records nothing."""
    code, start = check.code(), time.perf_counter()
    done = subprocess.run(
        (sys.executable, *check.arguments), cwd=ROOT, capture_output=True, text=True
    )
    printed = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    if done.returncode or check.code() != code:
        sys.exit(f"{name} failed:\n{printed[-4000:]}\n{done.stderr[-2000:]}")
    return {
        "date": datetime.date.today().isoformat(),
        "code": code,
        "seconds": round(time.perf_counter() - start),
        "figures": [
            re.sub(r" in [\d.]+s.*", "", line.strip())
            for line in printed.splitlines()
            if re.search(check.figures, line)
        ],
    }


def main() -> None:
    """Run what the command line asks for and write each record as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="checks; those out of date when left out")
    parser.add_argument("--all", action="store_true", help="every check")
    options = parser.parse_args()
    known = checks()
    unknown = sorted(set(options.names) - set(known))
    if unknown:
        sys.exit(f"{unknown[0]!r} is no slow check; there are {', '.join(known)}")
    wanted = list(known) if options.all else options.names or due(read_records())
    for name in wanted:
        print(f"{name} …", end=" ", flush=True)
        record = run(name, known[name])
        records = read_records() | {name: record}
        RECORDS.write_text(
            json.dumps({n: records[n] for n in known if n in records}, indent=2, ensure_ascii=False)
            + "\n",
            encoding="utf-8",
        )
        print(f"{record['seconds']} s: {'; '.join(record['figures'])}")


if __name__ == "__main__":
    main()
