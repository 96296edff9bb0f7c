"""The class on Kubernetes, as far as it can be tried without a cluster."""

import asyncio
import copy
import ctypes
import doctest
import errno
import importlib.util
import json
import os
import shutil
import stat
import subprocess
import sys
import types
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest
import yaml
from traitlets.config import Config

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "grading" / "hub" / "kubernetes"
TOOLS = ROOT / ".build" / "kubernetes"
LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")


def load(name):
    spec = importlib.util.spec_from_file_location(f"kubernetes_{name}", HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def values(name):
    found = yaml.safe_load((HERE / f"{name}.yaml").read_text())
    if name == "jupyterhub":  # as README's command sets it
        found["hub"]["extraFiles"]["class-hub"]["stringData"] = (HERE / "class_hub.py").read_text()
    return found


def manifests(name="manifests"):
    return list(yaml.safe_load_all((HERE / f"{name}.yaml").read_text()))


# -- the charts' schemas -----------------------------------------------------------------------------
def schema_errors(name, given):
    """What a chart's schema says of values; what they leave out, the chart's defaults have."""
    schema = json.loads((HERE / "schemas" / f"{name}.schema.json").read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    return [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
        for error in validator.iter_errors(given)
        if error.validator != "required"
    ]


@pytest.mark.parametrize("chart", ["jupyterhub", "dask-gateway"])
def test_the_values_are_what_the_chart_takes(chart):
    assert schema_errors(chart, values(chart)) == []


@pytest.mark.parametrize(
    ("chart", "path", "value", "said"),
    [
        ("jupyterhub", "singleuser.memmory", {}, "'memmory' was unexpected"),
        ("jupyterhub", "singleuser.networkPolicy.egressAllowRules.private", True, "'private'"),
        ("jupyterhub", "hub.db.type", 3, "3 is not"),
        ("dask-gateway", "gateway.backend.worker.threds", 1, "'threds' was unexpected"),
    ],
)
def test_a_slip_in_the_values_would_be_noticed(chart, path, value, said):
    given = values(chart)
    *way, last = path.split(".")
    inner = given
    for key in way:
        inner = inner[key]
    inner[last] = value
    assert any(said in error for error in schema_errors(chart, given))


def test_every_right_that_is_given_exists_and_nobody_can_make_tokens():
    from jupyterhub import scopes

    roles = values("jupyterhub")["hub"]["loadRoles"]
    for name, role in roles.items():
        for scope in role["scopes"]:
            assert scope.split("!")[0] in scopes.scope_definitions, (name, scope)
    given = {scope for role in roles.values() for scope in role["scopes"]}
    assert not {s for s in given if s.startswith(("tokens", "admin", "self", "inherit"))}
    assert "access:services!service=dask-gateway" not in roles["user"]["scopes"]
    assert roles["grading"] == {
        "groups": ["instructors"],
        "scopes": ["access:services!service=dask-gateway"],
    }


def test_the_same_people_are_instructors_for_hub_exchange_and_gradebook():
    given = values("jupyterhub")
    groups = given["hub"]["config"]["JupyterHub"]["load_groups"]
    admins = values("ngshare")["ngshare"]["admins"]
    assert groups["instructors"]["users"] == given["custom"]["instructors"] == admins


def test_the_hub_takes_its_settings_by_their_names():
    from jupyterhub.app import JupyterHub
    from jupyterhub.auth import Authenticator

    config = values("jupyterhub")["hub"]["config"]
    assert set(config["JupyterHub"]) <= set(JupyterHub.class_traits(config=True))
    assert set(config["Authenticator"]) <= set(Authenticator.class_traits(config=True))


def test_no_secret_stands_in_the_files():
    names = ("password", "token", "secret", "cert", "key")

    def look(where, node):
        if isinstance(node, dict):
            for key, inner in node.items():
                if isinstance(inner, str) and key.lower().endswith(names) and key not in harmless:
                    assert inner == "", f"{where}.{key}"
                look(f"{where}.{key}", inner)
        elif isinstance(node, list):
            for inner in node:
                look(where, inner)

    harmless = {"key", "username_key", "apiTokenFromSecretKey"}  # names of things
    for path in HERE.glob("*.yaml"):
        for part in yaml.safe_load_all(path.read_text()):
            look(path.name, part)


# -- the API of Kubernetes ---------------------------------------------------------------------------
@pytest.fixture(scope="session")
def api():
    """Return a function that checks a manifest against the API's schema."""
    if not (TOOLS / "kubernetes_validate").is_dir():
        pytest.skip("needs kubernetes-validate: make kubernetes-tools")

    def check(resource):
        code = (
            "import json, sys, kubernetes_validate as k; "
            "k.validate(json.load(sys.stdin), '1.35', strict=True)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], input=json.dumps(resource), text=True,
            capture_output=True, env={"PYTHONPATH": str(TOOLS)},
        )  # fmt: skip
        return done.stderr.strip().splitlines()[-1] if done.returncode else ""

    return check


def test_the_manifests_are_what_the_api_takes(api):
    resources = [*manifests(), *manifests("check-network")]
    for resource in resources:
        assert api(resource) == "", resource["metadata"]["name"]
    broken = copy.deepcopy(resources[-1])
    broken["spec"]["template"]["spec"]["hostUser"] = False
    assert "hostUser" in api(broken)


def pod_of(extra, container):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "some"},
        "spec": {"containers": [{"name": "main", "image": "x", **container}], **extra},
    }


def test_the_pods_that_the_charts_will_make_are_what_the_api_takes(api):
    worker = values("dask-gateway")["gateway"]["backend"]["worker"]
    assert api(pod_of(worker["extraPodConfig"], worker["extraContainerConfig"])) == ""
    assert api(pod_of(values("jupyterhub")["singleuser"]["extraPodConfig"], {})) == ""


def test_a_worker_gives_up_what_its_sandboxes_do_not_need():
    worker = values("dask-gateway")["gateway"]["backend"]["worker"]
    own = worker["extraContainerConfig"]["securityContext"]
    assert worker["extraPodConfig"]["hostUsers"] is False
    assert worker["extraPodConfig"]["automountServiceAccountToken"] is False
    assert own["capabilities"] == {"drop": ["ALL"]}
    assert (own["allowPrivilegeEscalation"], own["runAsNonRoot"]) == (False, True)
    assert "privileged" not in own


# -- who may speak to whom ---------------------------------------------------------------------------
SERVER = {
    "app": "jupyterhub", "component": "singleuser-server",
    "hub.jupyter.org/network-access-hub": "true",  # the chart's own
}  # fmt: skip
PODS = {
    "student": ("supercycle", {**SERVER, "supercycle.course/role": "student"}),
    "instructor": ("supercycle", {**SERVER, "supercycle.course/role": "instructor"}),
    "hub": ("supercycle", {"app": "jupyterhub", "component": "hub"}),
    "proxy": ("supercycle", {"app": "jupyterhub", "component": "proxy"}),
    "database": ("supercycle", {"app.kubernetes.io/name": "postgres"}),
    "exchange": ("supercycle", {"app.kubernetes.io/name": "ngshare"}),
    "scheduler": ("supercycle-grading", {"app.kubernetes.io/component": "dask-scheduler"}),
    "worker": ("supercycle-grading", {"app.kubernetes.io/component": "dask-worker"}),
}  # fmt: skip


def selected(selector, labels):
    for rule in selector.get("matchExpressions", ()):
        assert rule["operator"] == "In"
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


def peer(rule, other, namespace):
    where, labels = PODS[other]
    if "ipBlock" in rule:
        return False
    if "namespaceSelector" in rule:
        if not selected(rule["namespaceSelector"], {"kubernetes.io/metadata.name": where}):
            return False
    elif where != namespace:
        return False
    return selected(rule.get("podSelector", {}), labels)


def chart_policies():
    """The chart's policies for servers and for the hub, as far as our values decide them."""
    given = values("jupyterhub")
    servers, hub = given["singleuser"]["networkPolicy"], given["hub"]["networkPolicy"]

    def member(component):
        return {"matchLabels": {"app": "jupyterhub", "component": component}}

    def labelled(name):
        return {"podSelector": {"matchLabels": {f"hub.jupyter.org/network-access-{name}": "true"}}}

    def policy(component, kinds, **rules):
        spec = {"podSelector": member(component), "policyTypes": kinds, **rules}
        return {"metadata": {"namespace": "supercycle"}, "spec": spec}

    return [
        policy(
            "singleuser-server", ["Ingress", "Egress"],
            ingress=[{"from": [labelled("singleuser")]}, *servers.get("ingress", [])],
            egress=[{"to": [{"podSelector": member("hub")}]}, *servers.get("egress", [])],
        ),
        policy("hub", ["Ingress"], ingress=[{"from": [labelled("hub")]}, *hub.get("ingress", [])]),
    ]  # fmt: skip


def may(source, target):
    """Whether policies let one pod open a connection to another."""
    policies = [m for m in manifests() if m["kind"] == "NetworkPolicy"] + chart_policies()
    for mine, other, kind, key in (
        (target, source, "Ingress", "from"),
        (source, target, "Egress", "to"),
    ):
        where, labels = PODS[mine]
        holding = [
            p["spec"]
            for p in policies
            if p["metadata"]["namespace"] == where
            and kind in p["spec"]["policyTypes"]
            and selected(p["spec"]["podSelector"], labels)
        ]
        rules = [r for spec in holding for r in spec.get(kind.lower(), [])]
        if holding and not any(peer(p, other, where) for r in rules for p in r.get(key, [])):
            return False
    return True


def test_students_reach_the_exchange_and_nothing_else_of_the_course():
    reached = {name for name in PODS if may("student", name)}
    assert reached == {"hub", "exchange"}


def test_only_hub_and_instructors_reach_the_database():
    assert {name for name in PODS if may(name, "database")} == {"hub", "instructor"}


def test_only_instructors_reach_the_schedulers_from_outside():
    assert {n for n in PODS if may(n, "scheduler")} == {"instructor", "scheduler", "worker"}


def test_a_worker_reaches_only_grading():
    assert {name for name in PODS if may("worker", name)} == {"scheduler", "worker"}


def test_students_reach_no_private_address_and_no_metadata():
    policy = values("jupyterhub")["singleuser"]["networkPolicy"]
    rules = policy["egressAllowRules"]
    assert [rules[name] for name in ("cloudMetadataServer", "privateIPs")] == [False, False]
    assert rules["dnsPortsCloudMetadataServer"] is False
    assert policy.get("enabled", True)
    assert not policy.get("allowedIngressPorts")


def test_the_check_of_the_network_has_a_students_labels():
    (job,) = manifests("check-network")
    labels = job["spec"]["template"]["metadata"]["labels"]
    assert labels == PODS["student"][1]
    compile(job["spec"]["template"]["spec"]["containers"][0]["args"][0], "args", "exec")


# -- the hub's own lines -----------------------------------------------------------------------------
@pytest.fixture
def hub(tmp_path):
    """Run class_hub.py as the chart does, and return its names and settings."""
    custom = {"custom.instructors": ["ina"], "custom.context": "course-7"}
    names = {"c": Config(), "get_config": lambda key, default=None: custom.get(key, default)}
    exec(compile((HERE / "class_hub.py").read_text(), "class_hub.py", "exec"), names)
    seeds = tmp_path / "codes.csv"
    seeds.write_text(
        "student,SUPERCYCLE_SEED_LAB01,SUPERCYCLE_SEED_LAB03\nada,aa1,aa3\nben,bb1,bb3\n"
    )
    names["prepare"] = names["equip"]({"ina"}, seeds)
    return types.SimpleNamespace(**names)


def launch(hub, name, context):
    claims = {hub.CONTEXT: {"id": context}}
    hook = hub.c.Authenticator.post_auth_hook
    return asyncio.run(hook(None, None, {"name": name, "auth_state": claims}))


def spawned(hub, name):
    spawner = types.SimpleNamespace(
        user=types.SimpleNamespace(name=name), extra_labels={}, environment={},
        image="registry/supercycle-student:cpu",
    )  # fmt: skip
    hub.prepare(spawner)
    return spawner


def test_a_launch_from_another_course_is_sent_away(hub):
    from tornado.web import HTTPError

    assert launch(hub, "ada", "course-7") == {"name": "ada", "auth_state": None}
    with pytest.raises(HTTPError, match="403"):
        launch(hub, "ina", "course-8")
    with pytest.raises(HTTPError, match="403"):
        asyncio.run(hub.c.Authenticator.post_auth_hook(None, None, {"name": "ina"}))


def test_each_student_gets_the_own_scenarios_and_no_password(hub):
    ada, ben = spawned(hub, "ada"), spawned(hub, "ben")
    assert ada.environment["SUPERCYCLE_SEED_LAB03"] == "aa3"
    assert ben.environment["SUPERCYCLE_SEED_LAB03"] == "bb3"
    assert ada.extra_labels == {"supercycle.course/role": "student"}
    assert not {"PGPASSWORD", "GRADER_GRADEBOOK"} & set(ada.environment)
    assert "aa3" not in str(ben.environment)
    assert ada.environment["JUPYTER_CONFIG_PATH"].startswith("/opt/supercycle/servers/student:")


def test_an_instructor_gets_gradebook_and_tools(hub):
    ina = spawned(hub, "ina")
    assert ina.extra_labels == {"supercycle.course/role": "instructor"}
    assert ina.image == "registry/supercycle-grader:cpu"
    assert ina.environment["PGPASSWORD"]["valueFrom"]["secretKeyRef"]["name"] == "postgres"
    assert "postgres" in ina.environment["GRADER_GRADEBOOK"]


def test_a_guest_without_codes_still_gets_a_server(hub):
    assert "SUPERCYCLE_SEED_LAB01" not in spawned(hub, "guest").environment
    assert hub.codes(Path("/nowhere"), "ada") == {}


# -- bubblewrap behind the profile -------------------------------------------------------------------
class _Compare(ctypes.Structure):
    _fields_ = (
        ("arg", ctypes.c_uint), ("op", ctypes.c_int),
        ("one", ctypes.c_uint64), ("two", ctypes.c_uint64),
    )  # fmt: skip


ALLOW, MASKED_EQUAL, NEW_NAMESPACES = 0x7FFF0000, 7, 0x7E020000
REFUSE = 0x00050000 | errno.EPERM
#: What containerd's and Docker's default filters keep for CAP_SYS_ADMIN, of what bubblewrap needs:
#: moby/profiles, seccomp/default.json.
RUNTIME_DEFAULT = ("mount", "umount2", "pivot_root", "unshare", "setns", "clone3")


def filtered(refused, *, no_namespaces=False):
    """Return a function that filters this process's system calls, by libseccomp."""
    lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    lib.seccomp_init.restype = ctypes.c_void_p

    def load():
        context = ctypes.c_void_p(lib.seccomp_init(ctypes.c_uint32(ALLOW)))
        for name in refused:
            number = lib.seccomp_syscall_resolve_name(name.encode())
            lib.seccomp_rule_add_array(context, ctypes.c_uint32(REFUSE), number, 0, None)
        if no_namespaces:
            clone = lib.seccomp_syscall_resolve_name(b"clone")
            for bit in (1 << n for n in range(32) if NEW_NAMESPACES >> n & 1):
                test = _Compare(0, MASKED_EQUAL, bit, bit)
                lib.seccomp_rule_add_array(
                    context, ctypes.c_uint32(REFUSE), clone, 1, ctypes.byref(test)
                )
        if lib.seccomp_load(context):
            os._exit(99)

    return load


def build_a_sandbox(before):
    """Let user 1000, without capabilities or ways to gain some, build walls; return what it said."""
    from grader.execution.walls import system_walls

    plain = ["setpriv", "--no-new-privs"]
    if os.getuid() == 0:
        plain += ["--reuid=1000", "--regid=1000", "--clear-groups", "--bounding-set=-all"]
        plain += ["--inh-caps=-all"]
    spaces = ["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    walls = [*spaces, *system_walls(), "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    done = subprocess.run(
        [*plain, "bwrap", *walls, "--", "/bin/sh", "-c", "echo inside"],
        preexec_fn=before, capture_output=True, text=True, cwd="/",
    )  # fmt: skip
    return done.stdout.strip() or done.stderr.strip()


@LINUX_ONLY
@pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="needs bubblewrap: apt install bubblewrap"
)
def test_bubblewrap_builds_its_walls_behind_our_profile_and_not_behind_the_default():
    profile = json.loads((HERE / "seccomp-grader.json").read_text())
    (rule,) = profile["syscalls"]
    assert (profile["defaultAction"], rule["action"]) == ("SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO")
    unfiltered = build_a_sandbox(lambda: None)
    assert build_a_sandbox(filtered(rule["names"])) == unfiltered
    refused = build_a_sandbox(filtered(RUNTIME_DEFAULT, no_namespaces=True))
    assert "inside" not in refused


def test_the_profile_takes_no_more_than_bubblewrap_and_grader_leave():
    (rule,) = json.loads((HERE / "seccomp-grader.json").read_text())["syscalls"]
    assert not set(RUNTIME_DEFAULT) & set(rule["names"])
    assert {"bpf", "kexec_load", "init_module", "open_by_handle_at", "ptrace"} <= set(rule["names"])


# -- grading on a cluster ----------------------------------------------------------------------------
class FakeCluster:
    """What Dask Gateway gives: a name, a certificate, and an end."""

    name = "supercycle-grading.0a1b2c"
    security = types.SimpleNamespace(tls_cert="a certificate", tls_key="a key")

    def __init__(self):
        self.told = []

    def adapt(self, **words):
        self.told.append(words)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.told.append("shut down")


def test_grader_is_given_the_clusters_address_and_certificate(tmp_path, monkeypatch):
    module, cluster = load("grading_cluster"), FakeCluster()
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    seen = tmp_path / "seen.json"
    program = tmp_path / "grader"
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys\n"
        "tls = {k: v for k, v in os.environ.items() if 'TLS__' in k}\n"
        f"json.dump([sys.argv[1:], {{k: [v, open(v).read(), os.stat(v).st_mode] for k, v in tls.items()}}], open({str(seen)!r}, 'w'))\n"
        "sys.exit(3)\n"
    )
    program.chmod(0o755)
    gateway = types.SimpleNamespace(new_cluster=lambda **_: cluster)
    assert module.grade(gateway, "lab03_ttft", 100, ["--force"]) == 3
    words, tls = json.loads(seen.read_text())
    address = "tls://dask-0a1b2c.supercycle-grading:8786"
    assert words == ["grade", "lab03_ttft", "--scheduler", address, "--force"]
    key, text, mode = tls["DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY"]
    assert text == "a key"
    assert stat.S_IMODE(mode) == 0o600
    assert not Path(key).exists()
    assert cluster.told == [{"minimum": 1, "maximum": 100}, "shut down"]
    from grader.cluster import check_address

    check_address(address)


@pytest.mark.parametrize("name", ["grading_cluster", "labs_branch"])
def test_the_examples_in_the_scripts_hold(name):
    failed, tried = doctest.testmod(load(name))
    assert (failed, tried > 0) == (0, True)


def test_dask_reads_the_certificate_where_the_variables_say(tmp_path):
    module = load("grading_cluster")
    with module.certificates(FakeCluster.security) as variables:
        code = (
            "from distributed.security import Security as S; s = S(require_encryption=True); "
            "print(open(s.tls_ca_file).read(), open(s.tls_client_key).read(), sep='|')"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, **variables}, capture_output=True, text=True
        )  # fmt: skip
    assert done.stdout.strip() == "a certificate|a key", done.stderr


# -- the labs' branch --------------------------------------------------------------------------------
@pytest.fixture
def checkout(tmp_path):
    """A repository with solutions and labs."""
    root = tmp_path / "course"
    for name, text in {
        "solutions/lab01/lab01.py": "### BEGIN SOLUTION\nsecret = 41 + 1\n",
        "labs/lab01/lab01.ipynb": "{}",
        "labs/AGENTS.md": "be kind",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "init", "-q", "-b", "main")
    for key, value in (("user.name", "Ina"), ("user.email", "ina@example.edu")):
        git(root, "config", key, value)
    commit(root, "one")
    return root


def git(root, *words):
    done = subprocess.run(["git", "-C", root, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(root, message):
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message)


def test_the_branch_holds_the_labs_and_its_history_nothing_else(checkout, tmp_path):
    module = load("labs_branch")
    first = module.make_branch(checkout)
    assert module.make_branch(checkout) == first
    (checkout / "labs" / "lab02").mkdir()
    (checkout / "labs" / "lab02" / "lab02.ipynb").write_text("{ }")
    commit(checkout, "two")
    second = module.make_branch(checkout)
    assert git(checkout, "rev-parse", f"{second}^") == first
    assert git(checkout, "branch", "--show-current") == "main"
    public = tmp_path / "public.git"
    git(checkout, "init", "-q", "--bare", str(public))
    git(checkout, "push", "-q", str(public), "labs:labs")
    names = git(public, "rev-list", "--objects", "--all").split("\n")
    files = {line.partition(" ")[2] for line in names} - {""}
    assert files == {"AGENTS.md", "lab01", "lab01/lab01.ipynb", "lab02", "lab02/lab02.ipynb"}
    everything = git(public, "cat-file", "--batch-all-objects", "--batch-check")
    assert len(everything.splitlines()) == len(names)


def test_the_link_says_what_nbgitpuller_reads():
    link = load("labs_branch").pull_link(
        "https://hub.example.edu/", "https://git.example.edu/course/labs.git", "lab03_ttft"
    )
    parts = urlsplit(link)
    assert parts.path == "/hub/user-redirect/git-pull"
    assert parse_qs(parts.query) == {
        "repo": ["https://git.example.edu/course/labs.git"],
        "branch": ["labs"],
        "urlpath": ["lab/tree/labs/lab03_ttft/lab03_ttft.ipynb"],
    }


# -- cost --------------------------------------------------------------------------------------------
def test_the_readme_shows_todays_costs():
    module, text = load("cost"), (HERE / "README.md").read_text()
    assert module.with_tables(text) == text


def test_costs_add_up_by_hand():
    """A tiny class, worked out on paper: 300 students, prices and habits as in the rows."""
    plan = load("cost").plan(300)
    # a node of 16 cores and 64 GiB: 8 × $0.0816; 15.5 cores / 0.25 = 62 servers, 61 GB / 1 GB = 61
    hour = 8 * 0.0816 / 61 / 0.6
    assert plan.student_hour_usd == pytest.approx(hour)
    assert plan.servers == 84  # 75 + √75 = 83.66
    assert plan.nodes == 2
    assert plan.gpus == 5  # 150 h / 60 h = 2.5; 2.5 + √2.5 = 4.08
    term = 300 * 45 * hour + 5 * 60 * 1.006 + 8 * 0.0816 * 730 * 4 + 300 * 2 * 0.08 * 4
    assert plan.term_usd == pytest.approx(term)


def test_a_larger_class_costs_less_for_each_student():
    module = load("cost")
    costs = [module.plan(students).usd_per_student for students in (50, 100, 300, 1000, 5000)]
    assert costs == sorted(costs, reverse=True)
