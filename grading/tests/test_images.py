"""What goes into an image holds no solution and no hidden test; environments in a browser agree with ours."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import jsonschema
import pytest
import yaml

from grader.course import Course
from grader.leaks import secret_lines
from grader.source import read_lab

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "grading" / "hub" / "kubernetes"
DOCKERFILE = KUBERNETES / "Dockerfile"
HADOLINT = ROOT / ".build" / "kubernetes" / "bin" / "hadolint"


# -- reading a Dockerfile ----------------------------------------------------------------------------
def instructions(text):
    """Return (word, rest) for each instruction; comments out, continued lines joined."""
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", kept)
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def copies(text):
    """Return the sources, targets of what is copied from the repository."""
    found = []
    for word, rest in instructions(text):
        words = [part for part in rest.split() if not part.startswith("--")]
        if word == "COPY" and "--from=" not in rest:
            found.append((words[:-1], words[-1]))
    return found


def context(ignore):
    """Return what of the repository a build can see: tracked files that the list lets through."""
    rules = [line for line in ignore.splitlines() if line and not line.startswith("#")]
    names = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    return [
        name for name in names if name and _let_through(name, rules) and (ROOT / name).is_file()
    ]


def _let_through(name, rules):
    """Whether the last rule that matches a path, or a folder above it, is an exception."""
    parts = name.split("/")
    above = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
    through = True
    for rule in rules:
        pattern = rule.removeprefix("!")
        if pattern.startswith("**/"):
            hit = any(fnmatch.fnmatch(part, pattern[3:]) for part in parts)
        else:
            hit = any(path == pattern or pattern == "*" for path in above)
        if hit:
            through = rule.startswith("!")
    return through


# -- looking for secrets -----------------------------------------------------------------------------
@pytest.fixture(scope="module")
def secrets():
    """Return every line of a solution, hidden test or mark scheme that says something, by its lab."""
    course, found = Course.at(ROOT), {}
    for name in course.labs():
        lab = read_lab(course, name)
        public = {" ".join(line.split()) for line in lab.file.public_lines}
        for cell in lab.notebook.cells:
            for line in secret_lines(cell):
                if line not in public and len(line) >= 30:
                    found.setdefault(line, f"{name}, cell {cell.id}")
    return found


def leaks(folder, secrets):
    """Return where below a folder a secret stands.

    The library has the reference of some solutions, by design: students call it only after their own.
    Only a run of two secret lines of one cell is a leak there; a marked block is one anywhere else.
    """
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or path.suffix in (".pyc", ".png", ".whl"):
            continue
        if re.search(
            r"(^|/)(solutions|mutants|rubric\.md|lab\.toml|versions|gradebook\.db)(/|$)", name
        ):
            found.append(f"{name}: no such file belongs into an image")
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".ipynb":
            cells = json.loads(text)["cells"]
            text = "\n".join("".join(cell["source"]) for cell in cells)
            if marked := re.search(r"BEGIN (SOLUTION|HIDDEN TESTS|MARK SCHEME)", text):
                found.append(f"{name}: {marked[0]}")
        before = None
        for line in text.splitlines():
            here = secrets.get(" ".join(line.split()))
            if here and here == before:
                found.append(f"{name}: {line.strip()!r} of {here}")
            before = here if line.strip() else before
    return found


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """Carry out the Dockerfile's copies from the repository into a folder."""
    root = tmp_path_factory.mktemp("image")
    seen = context((KUBERNETES / "Dockerfile.dockerignore").read_text())
    for sources, target in copies(DOCKERFILE.read_text()):
        for source in sources:
            names = [name for name in seen if name == source or name.startswith(source + "/")]
            assert names, f"{source} isn't let through by Dockerfile.dockerignore"
            for name in names:
                inside = name.removeprefix(source).lstrip("/")
                to = root / target.lstrip("/") / inside
                if not inside:
                    to = root / target.lstrip("/")
                    to = to / Path(name).name if target.endswith("/") else to
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, to)
    return root


@pytest.fixture(scope="module")
def installed(copied, tmp_path_factory):
    """Build the wheel from what was copied and install it into a clean environment, as the image does."""
    folder = tmp_path_factory.mktemp("installed")
    wheels = folder / "wheels"
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", wheels, copied / "tmp" / "course"], check=True)
    (wheel,) = wheels.glob("supercycle-*.whl")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    python = folder / "venv" / "bin" / "python"
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    target = subprocess.run(
        [python, "-c", ask], capture_output=True, text=True, check=True
    ).stdout.strip()
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target]
    subprocess.run([*install, wheel], check=True)
    return python, Path(target)


def test_a_leak_would_be_noticed(copied, secrets, tmp_path):
    lines = [line for line, where in secrets.items() if where == next(iter(secrets.values()))]
    (tmp_path / "helper.py").write_text("\n".join(lines))
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "some.py").write_text("x = 1")
    found = leaks(tmp_path, secrets)
    assert len(secrets) > 500
    assert any("helper.py" in leak for leak in found)
    assert any("solutions/some.py" in leak for leak in found)


def test_nothing_copied_into_an_image_is_a_solution_or_a_hidden_test(copied, secrets):
    assert sum(1 for path in copied.rglob("*") if path.is_file()) > 100
    assert leaks(copied, secrets) == []


def test_nothing_installed_from_the_wheel_is_a_solution_or_a_hidden_test(installed, secrets):
    _, packages = installed
    assert (packages / "supercycle" / "datasets" / "chips.csv").is_file()
    assert leaks(packages, secrets) == []


def test_the_installed_course_works_away_from_the_checkout(installed, tmp_path):
    python, packages = installed
    # the packages that the image takes from requirements.lock are this environment's
    others = next(path for path in sys.path if path.endswith("site-packages"))
    code = (
        "import sys; sys.path.append(sys.argv[1]); import supercycle, grader.cluster; "
        "from supercycle import facts, chips; "
        "print(supercycle.__file__, len(facts.tables()), chips.accelerator('h100-sxm').name)"
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(
        [python, "-c", code, others], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(packages))


def test_the_labs_in_the_image_are_the_released_ones(copied):
    for lab in (ROOT / "labs").glob("*/*.ipynb"):
        inside = copied / "opt" / "supercycle" / lab.relative_to(ROOT)
        assert inside.read_bytes() == lab.read_bytes()


def test_the_exchange_of_the_image_is_the_service(copied):
    servers = copied / "opt" / "supercycle" / "servers"
    assert "ngshare" in (servers / "everyone" / "exchange.py").read_text()
    assert (servers / "student" / "labconfig" / "page_config.json").is_file()


# -- the Dockerfile itself ---------------------------------------------------------------------------
@pytest.fixture(scope="module")
def hadolint():
    """Return a function that lints a Dockerfile's text."""
    if not HADOLINT.is_file():
        pytest.skip("needs hadolint: make kubernetes-tools")

    def lint(text):
        command = [
            HADOLINT,
            "--no-color",
            "--failure-threshold",
            "style",
            "--ignore",
            "DL3066",
            "-",
        ]
        return subprocess.run(command, input=text, capture_output=True, text=True).stdout

    return lint


def test_the_linter_has_nothing_to_say(hadolint):
    text = DOCKERFILE.read_text()
    assert hadolint(text) == ""
    assert "DL3042" in hadolint(text.replace("--no-cache-dir ", ""))


def test_images_run_as_an_ordinary_user_and_of_versions_that_are_named():
    steps = instructions(DOCKERFILE.read_text())
    users = [rest for word, rest in steps if word == "USER"]
    assert users[-1] == "${NB_UID}"
    named = [rest.split()[-1] for word, rest in steps if word == "FROM"]
    assert named == ["wheel", "student", "grader"]
    base = next(rest for word, rest in steps if word == "ARG" and rest.startswith("BASE="))
    assert base.startswith("BASE=quay.io/jupyter/minimal-notebook:python-")


def test_the_image_follows_the_charts_hub_in_its_major_version():
    (hub,) = re.findall(r"^ARG HUB=(\d+)\.", DOCKERFILE.read_text(), re.M)
    assert hub == "5"  # appVersion of the chart whose schema lies in schemas/


# -- environments in a browser -----------------------------------------------------------------------
@pytest.fixture(scope="module")
def devcontainer():
    """Read the settings; comments stand on lines of their own."""
    lines = (ROOT / ".devcontainer" / "devcontainer.json").read_text().splitlines()
    return json.loads("\n".join(line for line in lines if not line.lstrip().startswith("//")))


def test_the_dev_container_is_what_its_specification_takes(devcontainer):
    schema = json.loads((KUBERNETES / "schemas" / "devcontainer.schema.json").read_text())
    check = jsonschema.validators.validator_for(schema)(schema)
    assert list(check.iter_errors(devcontainer)) == []
    slip = {**devcontainer, "postCreateComand": "make"}
    assert list(check.iter_errors(slip)) != []


def test_the_dev_containers_commands_are_there_and_its_first_file_opens(devcontainer):
    program, target, *_ = devcontainer["onCreateCommand"].split()
    assert program == "make"
    named = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True)
    assert named.returncode == 0, named.stderr
    program, *words = devcontainer["postCreateCommand"].split()
    command = [Path(sys.executable).parent / Path(program).name, *words]
    assert subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 0
    for name in devcontainer["customizations"]["codespaces"]["openFiles"]:
        assert (ROOT / name).is_file()


def test_the_dev_containers_python_is_one_we_support(devcontainer):
    from packaging.specifiers import SpecifierSet

    version = re.search(r"python:(\d+\.\d+)", devcontainer["image"])[1]
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert SpecifierSet(pyproject["project"]["requires-python"]).contains(version)


def test_binder_takes_the_environment_at_the_root():
    """A folder of Binder's own would hide it (repo2docker looks there and nowhere else)."""
    assert not (ROOT / ".binder").exists()
    assert not (ROOT / "binder").exists()
    text = yaml.safe_load((ROOT / "environment.yml").read_text())
    # a local package makes repo2docker copy the whole repository before it installs
    assert "--editable ." in text["dependencies"][-1]["pip"]


def test_what_conda_hands_to_pip_is_what_pip_takes(tmp_path):
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("\n".join(environment["dependencies"][-1]["pip"]))
    code = (
        "import sys; from pip._internal.req.req_file import parse_requirements as p; "
        "from pip._internal.network.session import PipSession as S; "
        "print([r.requirement for r in p(sys.argv[1], session=S())])"
    )
    done = subprocess.run([sys.executable, "-c", code, wanted], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
