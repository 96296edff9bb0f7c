"""Submissions that were damaged, or whose code breaks things: none may stop or change another's."""

from __future__ import annotations

import json
from typing import Any

from corpus.given import (
    MEAN,
    TOTAL,
    Case,
    Given,
    Notebook,
    answering,
    body,
    cell,
    doing,
    edited,
    place,
    spoiled,
    uploaded,
)

__all__ = ["FAULTS"]


def _bytes(given: Given) -> bytes:
    return json.dumps(given.right(), indent=1).encode()


def _set(of: str, /, **metadata: Any) -> Any:
    return edited(lambda nb: cell(nb, of)["metadata"]["nbgrader"].update(metadata))


def _split(notebook: Notebook) -> None:
    whole = cell(notebook, "total_usd")
    second = json.loads(json.dumps(whole))
    whole["source"] = "def add(a, b):\n    return a + b"
    second["source"] = (
        "def total_usd(prices_usd):\n    t = 0.0\n    for p in prices_usd:\n        t = add(t, p)\n    return t"
    )
    notebook["cells"].insert(place(notebook, "total_usd") + 1, second)


def _merge(notebook: Notebook) -> None:
    answer, test = cell(notebook, "total_usd"), cell(notebook, TOTAL)
    answer["source"] += "\n\n" + test["source"]
    notebook["cells"].remove(test)


SUM = "return sum(prices_usd)"
LOOK_ALIKE = "from pathlib import Path\nPath('{0}').write_text('raise SystemExit')\nimport importlib, sys\nsys.modules.pop('statistics', None)\n"

#: The file itself.
FILES = (
    Case("missing", uploaded("missing"), "ungradable", 0, 0, "no notebook was handed in"),
    Case("empty", uploaded("empty"), "ungradable", 0, 0, "the file is empty"),
    Case("only a byte order mark", uploaded("only a byte order mark"), "ungradable", 0, 0, "the file is empty"),
    Case("not JSON", uploaded("not JSON"), "ungradable", 0, 0, "line 1 is not valid JSON"),
    Case("truncated", uploaded("truncated"), "ungradable", 0, 0, "cut off at line"),
    Case("random bytes", uploaded("random bytes"), "ungradable", 0, 0, "no notebook"),
    Case("a sign-in page", uploaded("a sign-in page"), "ungradable", 0, 0, "line 1 is not valid JSON"),
    Case("a list", uploaded("a list"), "ungradable", 0, 0, "its JSON is a list"),
    Case("cells are no list", uploaded("cells are no list"), "ungradable", 0, 0, "no list of cells"),
    Case("cells are numbers", lambda given: b'{"nbformat": 4, "cells": [1, 2]}', "ungradable", 0, 0, "no cells"),
    Case("another lab's notebook", lambda given: b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "1", "metadata": {}}]}', "ungradable", 0, 0, "is it this lab?"),
    Case("nested without end", lambda given: b"[" * 200_000 + b"]" * 200_000, "ungradable", 0, 0, "nests too deeply"),
    Case("a number of a million digits", lambda given: b'{"nbformat": ' + b"9" * 1_000_000 + b"}", "ungradable", 0, 0, "too many digits"),
    Case("byte order mark", uploaded("byte order mark")),
    Case("UTF-16", uploaded("UTF-16"), says="UTF-16"),
    Case("UTF-16 without a mark", lambda given: _bytes(given).decode().encode("utf-16-le"), says="UTF-16"),
    Case("Latin-1", lambda given: _bytes(given).replace(b"A guess", b"\xe9 guess"), says="not UTF-8"),
    Case("format 3", spoiled("format 3"), says="format 3"),
    Case("format 99", spoiled("format 99"), says="format 99"),
    Case("wrong kernel", spoiled("wrong kernel")),
    Case("no kernel", spoiled("no kernel")),
)  # fmt: skip

#: The notebook's cells.
CELLS = (
    Case("null source", spoiled("null source"), total=0),
    Case("null metadata", spoiled("null metadata"), "needs-review", says="found by its likeness"),
    Case("all metadata gone", spoiled("all metadata gone"), "needs-review", says="found by its likeness"),
    Case("answer duplicated", spoiled("answer duplicated"), says="the same each time"),
    Case("answer copied before it was written", edited(lambda nb: nb["cells"].insert(3, {**json.loads(json.dumps(cell(nb, "total_usd"))), "source": ""})), says="once as given out"),
    Case("two attempts at an answer", edited(lambda nb: nb["cells"].append({**json.loads(json.dumps(cell(nb, "total_usd"))), "source": "def total_usd(x):\n    return 0"})), "needs-review", says="differently"),
    Case("answer deleted", spoiled("answer deleted"), total=0, says="the answer total_usd is missing"),
    Case("answer split", edited(_split), says="split into 2 cells"),
    Case("answer and test merged", edited(_merge), says="the locked cell test_total_usd is missing"),
    Case("test duplicated", spoiled("test duplicated"), says="stands there 2 times"),
    Case("test deleted", spoiled("test deleted", test=MEAN), says="the locked cell test_mean_usd is missing"),
    Case("cells reversed", spoiled("cells reversed"), says="cells were moved"),
    Case("grade_id changed", spoiled("grade_id changed"), "needs-review", says="found by its likeness"),
    Case("grade_id is a number", _set("total_usd", grade_id=7), "needs-review", says="found by its likeness"),
    Case("points changed", spoiled("points changed"), says="(points)"),
    Case("cell type changed", spoiled("cell type changed"), says="(cell type)"),
    Case("answer became text", spoiled("answer became text"), says="(cell type)"),
    Case("not graded any more", spoiled("not graded any more"), says="(grade)"),
    Case("no schema version", spoiled("no schema version"), says="(schema_version)"),
    Case("test tagged as exploring", edited(lambda nb: cell(nb, TOTAL)["metadata"].update(tags=["explore"]))),
    Case("helper in a cell of one's own", edited(lambda nb: (nb["cells"].insert(2, {"cell_type": "code", "metadata": {}, "source": "def add(x): return sum(x)", "outputs": []}), cell(nb, "total_usd").update(source="def total_usd(p):\n    return add(p)"))), "needs-review", total=0, says="uses add from a cell the student added"),
)  # fmt: skip

#: What the code does; the function is wrong by what it does, the other answers are right.
CODE = (
    Case("endless loop", body("while True: pass"), total=0, says="ran longer than"),
    Case("endless loop in the cell itself", answering("while True: pass"), total=0),
    Case("endless loop that catches everything", body("while True:", "    try:", "        while True: pass", "    except BaseException: pass"), "graded|partial", total=0, says="ran longer than"),
    Case("endless output", body("while True: print('x' * 1000)"), total=0, says="ran longer than"),
    Case("20 MB of output", body("print('x' * 20_000_000)", SUM)),
    Case("8 GB of memory", body("x = bytearray(8 << 30)", SUM), total=0, says="MemoryError"),
    Case("memory in many processes", body("import os, time", "for _ in range(3):", "    if os.fork() == 0:", "        x = b'x' * (150 << 20); time.sleep(60)", "time.sleep(60)"), "partial", total=0, says="memory"),
    Case("300 processes", body("import os, time", "for _ in range(300):", "    if os.fork() == 0: time.sleep(60)", SUM), total=0, says="BlockingIOError"),
    Case("300 threads", body("import threading, time", "for _ in range(300): threading.Thread(target=time.sleep, args=(60,)).start()", SUM), total=0, says="can't start new thread"),
    Case("disk fill", body("for i in range(1000): open(f'/tmp/{i}', 'wb').write(bytes(1 << 20))", SUM), total=0, says="No space left"),
    Case("one large file", body("open('/tmp/x', 'wb').write(bytes(100 << 20))", SUM), total=0, says="OSError"),
    Case("os._exit", doing("os._exit"), "partial", total=0, says="ended itself with status 0"),
    Case("os._exit in the cell itself", answering("import os; os._exit(0)"), "partial", total=0, says="ended itself"),
    Case("sys.exit", doing("sys.exit"), total=0, says="SystemExit"),
    Case("sys.exit in the cell itself", answering("import sys; sys.exit()"), total=0),
    Case("SIGINT ignored", answering("import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass"), "partial", total=0, says="ran longer than"),
    Case("kills its own process", body("import os; os.kill(os.getpid(), 9)"), "partial", total=0, says="SIGKILL"),
    Case("recursion", body("return total_usd(prices_usd)"), total=0, says="RecursionError"),
    Case("recursion without a limit", body("import sys; sys.setrecursionlimit(10**9)", "return total_usd(prices_usd)"), "graded|partial", total=0),
    Case("input", doing("input"), total=0, says="EOFError"),
    Case("segfault", body("import ctypes; ctypes.string_at(0)"), "partial", total=0, says="SIGSEGV"),
    Case("threads left running", answering("import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\ndef total_usd(p): return sum(p)")),
    Case("background process left behind", answering("import subprocess\nsubprocess.Popen(['sleep', '600'], start_new_session=True)\ndef total_usd(p): return sum(p)"), says="start"),
    Case("symlink out of the folder", answering("import os\nos.symlink('/etc', 'out')\ndef total_usd(p): return len(os.listdir('out/..')) and open('out/shadow').read()"), total=0),
    Case("path traversal", body("return len(open('../../../../etc/shadow').read())"), total=0, says="look into"),
    Case("shadowed module", answering(LOOK_ALIKE.format("statistics.py") + "def total_usd(p): return sum(p)")),
    Case("poisoned sitecustomize", answering(LOOK_ALIKE.format("sitecustomize.py") + "def total_usd(p): return sum(p)")),
    Case("helper file overwritten", answering("open('prices.csv', 'w').write('usd\\n1\\n')\ndef total_usd(p): return sum(p)")),
    Case("control codes and HTML in output", body("print('\\x1b[2J\\x1b]0;own\\x07<script>alert(1)</script>')", SUM)),
    Case("HTML as a rich output", answering("from IPython.display import HTML, display\ndisplay(HTML('<script>alert(1)</script>'))\ndef total_usd(p): return sum(p)")),
    Case("a text of 200 MB", body("return 'x' * 200_000_000"), total=0, says="may cross"),
    Case("a list in itself", body("x = []; x.append(x)", "return x"), total=0, says="nested deeper"),
    Case("NaN", doing("NaN"), total=0, says="NaN"),
    Case("infinity", doing("infinity"), total=0, says="infinite"),
    Case("nothing", doing("nothing"), total=0, says="None"),
    Case("a text", doing("a text"), total=0, says="without its unit"),
    Case("a generator", doing("a generator"), total=0, says="generator"),
    Case("a function", doing("a function"), total=0, says="a function"),
    Case("a class", doing("a class"), total=0),
    Case("a syntax error", answering("def total_usd(:"), total=0, says="NameError"),
    Case("null bytes in the source", answering("def total_usd(p):\n    return '\0'"), total=0),
    Case("writes to stderr", body("import sys; print('hm', file=sys.stderr)", SUM)),
    Case("raises a class of its own", answering("class Oops(KeyError): pass\ndef total_usd(p): raise Oops('x')"), total=0, says="Oops"),
    Case("raises what cannot be shown", answering("class Oops(Exception):\n    def __str__(self): raise self\ndef total_usd(p): raise Oops()"), total=0),
    Case("deletes the builtins", answering("import builtins\nfor n in list(vars(builtins)):\n    if n not in ('print',): delattr(builtins, n)"), total=0, mean=0),
    Case("speaks out of turn", body("import os", "for fd in range(3, 20):", "    try: os.write(fd, b'\\0\\0\\0\\2{}')", "    except OSError: pass", SUM), "partial", total=0),
    Case("promises four gigabytes", body("import os", "for fd in range(3, 20):", "    try: os.write(fd, b'\\xff\\xff\\xff\\xff')", "    except OSError: pass", "import time; time.sleep(60)"), "partial", total=0),
)  # fmt: skip

FAULTS = (*FILES, *CELLS, *CODE)
