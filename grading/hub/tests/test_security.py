"""What was tried against the hub, and what came of it.

Each attempt ends in an outcome in words. ``grading/hub/SECURITY.md`` holds the table of them, and
fails here when an attempt ends otherwise: `make hub-security` writes it anew.
"""

import http.server
import json
import os
import re
import socket
import threading
from pathlib import Path

import pytest
from pages import LAB
from running import ROOT

from grader.course import Course
from grader.gradebook import open_gradebook
from grader.scores import read_scores
from grader.source import read_lab

SECURITY = ROOT / "grading" / "hub" / "SECURITY.md"
BEGIN, END = "<!-- outcomes -->\n", "<!-- end of outcomes -->\n"
#: An address that nobody has: a page that asks for it was made to by a student.
CANARY = "http://canary.invalid"

ATTEMPTS = {}


def attempt(title):
    """Enter a function into the table under a title."""

    def enter(function):
        ATTEMPTS[title] = function
        return function

    return enter


@pytest.fixture(scope="module")
def people(visit):
    """Everyone's servers run, so that there is something to attack."""
    visit("ina"), visit("ada"), visit("ben")
    return visit


@attempt("The outsider logs in with the right password")
def outsider(people):
    oscar = people.stranger("oscar")
    oscar.try_password(people.hub.password("oscar"))
    said = oscar.page.locator(".login_error").inner_text().strip()
    oscar.picture("outsider-refused")
    assert oscar.ask("GET", "/lab").url.startswith(f"{people.hub.url}/hub/login")
    return f"{said}; no server"


@attempt("A wrong password, and a name that is not in the class")
def wrong_password(people):
    said = set()
    for name in ("ada", "nobody"):
        visitor = people.stranger(name)
        visitor.try_password("ada")
        said.add(visitor.page.locator(".login_error").inner_text().strip())
    assert len(said) == 1, said
    return f"the same sentence for both: {said.pop()}"


@attempt("Someone without a log-in opens a student's server, formgrader and the hub's API")
def no_login(people):
    nobody = people.stranger("ada")
    answers = [nobody.ask("GET", "/lab"), nobody.ask("GET", "/api/contents")]
    answers.append(nobody.ask("GET", f"{people.hub.url}/user/ina/formgrader"))
    answers.append(nobody.ask("GET", f"{people.hub.url}/hub/api/users"))
    assert all(a.status == 403 or "/hub/login" in a.url for a in answers), answers
    return "the log-in page, or 403"


@attempt("Forged cookies of the instructor, at the hub and at the server")
def forged_cookie(people):
    forger = people.stranger("ina")
    mine = {c["name"]: c for c in people("ben").context.cookies()}
    host = {"domain": "127.0.0.1", "httpOnly": True}
    value = mine["jupyterhub-hub-login"]["value"]
    forger.context.add_cookies(
        [
            {"name": "jupyterhub-hub-login", "value": value[:-12] + '00000000000"', "path": "/hub/", **host},
            {"name": "jupyterhub-user-ina", "value": mine["jupyterhub-user-ben"]["value"],
             "path": "/user/ina/", **host},
        ]
    )  # fmt: skip
    hub, server = (
        forger.ask("GET", f"{people.hub.url}/hub/home"),
        forger.ask("GET", "/api/contents"),
    )
    assert "/hub/login" in hub.url
    assert "/hub/login" in server.url or server.status == 403
    return "the log-in page, or 403: signatures don't match"


@attempt("A student's session at the instructor's and at another student's server")
def other_server(people):
    ben = people("ben")
    paths = (
        "/lab",
        "/api/contents",
        "/formgrader",
        "/terminals/1",
        "/files/course/grading/gradebook.db",
    )
    statuses = {
        ben.ask("GET", f"{people.hub.url}/user/{name}{path}").status
        for name in ("ina", "ada")
        for path in paths
    }
    return f"{statuses}".strip("{}")


@attempt("A student's token, read from the terminal, at others' servers and at the hub's API")
def other_token(people):
    token = people("ben").terminal('printf "%s" "$JUPYTERHUB_API_TOKEN"')
    assert re.fullmatch("[0-9a-f]{32}", token), token
    nobody, bearer = people.stranger("ben"), {"Authorization": f"token {token}"}
    api, user = f"{people.hub.url}/hub/api", f"{people.hub.url}/user"
    asked = [
        ("GET", f"{user}/ina/api/contents"), ("GET", f"{user}/ada/api/contents"),
        ("GET", f"{api}/users/ada"), ("POST", f"{api}/users/ben/tokens"),
        ("POST", f"{api}/users/ada/server"), ("DELETE", f"{api}/users/ada/server"),
        ("POST", f"{api}/users/eve"), ("POST", f"{api}/shutdown"), ("GET", f"{api}/proxy"),
    ]  # fmt: skip
    statuses = {nobody.ask(method, url, headers=bearer).status for method, url in asked}
    listed = nobody.ask("GET", f"{api}/users", headers=bearer)
    names = {user["name"] for user in listed.json()} if listed.ok else set()
    assert names <= {"ben"}, names
    assert statuses <= {403, 404}, statuses
    return "403 or 404; the list of users holds nobody else"


@attempt("A student makes a token that would outlive the session")
def own_token(people):
    answer = people("ben").ask(
        "POST", f"{people.hub.url}/hub/api/users/ben/tokens", {"note": "for later"}
    )
    return f"{answer.status}"


@attempt("A student opens formgrader, course list and create-assignment on the own server")
def own_formgrader(people):
    ben = people("ben")
    statuses = {
        ben.ask("GET", path).status
        for path in ("/formgrader", "/formgrader/api/assignments", "/formgraders")
    }
    offered = ben.menu_entries("Nbgrader")
    assert ben.page.locator("text=Create Assignment").count() == 0
    return f"{statuses}".strip("{}") + f"; the menu offers {', '.join(offered)} only"


@attempt("A student looks from a terminal for other homes, gradebook, solutions, passwords, secret")
def terminal(people):
    script = "\n".join(f"test -e '{p}' && echo '{p}'" for p in people.hub.closed_to("ben"))
    said = people("ben").terminal(
        script + "\nls /home\ncat /proc/*/environ 2>/dev/null | grep -ac ina=\n"
    )
    people("ben").picture("student-terminal")
    return "none of them is there" if said.split() == ["ben", "0"] else f"found: {said}"


@attempt("A student searches everything that can be read for another's scenario")
def others_scenario(people):
    code = next(iter(people("ada").scenarios().values()))
    where = "/proc/[0-9]*/environ /home /srv /tmp /etc"
    ben = people("ben")
    ben.write("code.txt", code)  # so that the search finds at least this
    said = ben.terminal(f"grep -rlaF -f ~/code.txt {where} 2>/dev/null").split()
    found = set(said) - {"/home/ben/code.txt"}
    assert said, "the search finds nothing at all"
    answer = ben.ask("GET", f"{people.hub.url}/hub/api/users/ada?include_stopped_servers=1")
    assert code not in answer.text()
    return f"found: {found}" if found else f"none is found; the hub's API: {answer.status}"


@attempt("A student looks in the exchange for what others handed in")
def others_submissions(people):
    search = "find $SUPERCYCLE_EXCHANGE -path '*inbound*' -name '*ada*' 2>/dev/null | head"
    said = people("ben").terminal(search)
    return f"found: {said}" if said else "none is found"


@attempt("A student asks every port of the machine for another's files")
def ports(people):
    ask = Path(__file__).with_name("ask_ports.py").read_text()
    ben = people("ben")
    ben.write("ask_ports.py", ask)
    answers = json.loads(ben.terminal("python ask_ports.py ada ina", seconds=120))
    assert answers["asked"] >= 4, answers
    return "no port gives them" if answers["open"] == [] else f"open: {answers['open']}"


@attempt("Path traversal in names of assignments and files, through the server's API")
def traversal(people):
    ben = people("ben")
    up, outcomes = "../" * 6, set()
    for name in (f"{up}etc/passwd", "../ada", f"{up}{people.hub.folders.course}"):
        coded = name.replace("/", "%2F")
        outcomes |= {
            ben.ask("GET", f"/api/contents/{coded}").status,
            ben.ask("GET", f"/files/{coded}").status,
            ben.ask("POST", "/assignments/validate", {"path": name}).status,
        }
        for action in ("fetch", "fetch_feedback", "submit"):
            data = {"course_id": "supercycle", "assignment_id": name}
            answer = ben.ask("POST", f"/assignments/{action}", data)
            said = answer.json() if answer.ok else {}
            assert action != "submit" or not said.get("success"), said
            assert "root:x:0" not in answer.text()
    assert outcomes <= {403, 404}, outcomes
    inbound = [str(p) for p in people.hub.folders.exchange.rglob("*") if "passwd" in p.name]
    assert inbound == []
    return "403 or 404; nothing is read, written or handed in"


@attempt(
    "Scripts, frames and pictures from elsewhere in a handed-in notebook that formgrader shows"
)
def xss(people):
    ben, ina, hub = people("ben"), people("ina"), people.hub
    lab = read_lab(Course.at(hub.folders.course), LAB)
    evil = (
        f"<script>window.hacked = 1; fetch('{CANARY}/script')</script> "
        "<img src=x onerror='window.hacked = 2'> "
        "<svg onload='window.hacked = 3'></svg> [a source](javascript:window.hacked=4) "
        "<iframe srcdoc='<script>parent.hacked = 5</script>'></iframe> "
        "$\\href{javascript:window.hacked=6}{x}$ <b onmouseover='window.hacked = 7'>bold</b> "
        f"<img src='{CANARY}/img'> ![]({CANARY}/picture) <link rel=stylesheet href='{CANARY}/css'> "
        f"<style>body {{background: url({CANARY}/style)}}</style>"
    )
    path = f"{LAB}/{LAB}.ipynb"
    ben.ask("POST", "/assignments/fetch", {"course_id": "supercycle", "assignment_id": LAB})
    notebook = ben.ask("GET", f"/api/contents/{path}").json()["content"]
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name == "explain":
            cell["source"] = evil
        elif name == "guess":
            html = "from IPython.display import HTML, Javascript, display\n"
            cell["source"] = (
                html
                + 'display(HTML("<script>window.hacked = 8</script><img src=x onerror=alert(1)>"))\n'
                'display(Javascript("window.hacked = 9"))\nprint("<script>window.hacked = 10</script>")\n'
                "guess_usd = 1.0"
            )
        elif name in lab.answers:
            cell["source"] = f"# </pre><script>window.hacked = 11</script>\n{lab.answers[name]}"
    assert ben.write(path, json.dumps(notebook)).ok
    data = {"course_id": "supercycle", "assignment_id": LAB}
    assert ben.ask("POST", "/assignments/submit", data).json()["success"]
    for step in (
        f"/formgrader/api/assignment/{LAB}/collect", f"/formgrader/api/submission/{LAB}/ben/autograde",
    ):  # fmt: skip
        assert ina.ask("POST", step).json()["success"]
    found = ina.ask("GET", f"/formgrader/api/submitted_notebooks/{LAB}/{LAB}").json()
    of_ben = next(row for row in found if row["student"] == "ben")
    page, asked, dialogs = ina.context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(f"{ina.base}/formgrader/submissions/{of_ben['id']}")
    page.locator("mjx-container").first.wait_for()
    for link in page.locator(".text_cell_render a:not([href^='http'])").all():
        link.click(timeout=2000, force=True)
    page.locator(".text_cell_render", has_text="bold").first.hover()
    page.wait_for_timeout(1000)
    page.screenshot(path=people.screenshots / "formgrader-with-scripts.png")
    hacked, frames = page.evaluate("window.hacked"), page.locator("iframe, svg, img").count()
    away = [url for url in asked if not url.startswith((hub.url, "data:"))]
    page.close()
    with open_gradebook(Course.at(hub.folders.course)) as book:
        score = read_scores(book, lab)["ben"]["explain"].score
    assert score in (None, 0.0), score
    if hacked is None and not (frames or dialogs or away):
        return "none runs; nothing is asked of another address"
    return f"ran: {hacked} {dialogs}, frames: {frames}, asked: {away}"


@attempt("A page elsewhere makes the instructor's browser take a release back (CSRF)")
def csrf(people):
    ina = people("ina")
    target = f"{ina.base}/formgrader/api/assignment/{LAB}/unrelease"
    page = f"<form method=post action='{target}'></form><script>document.forms[0].submit()</script>"
    outcomes = set()
    for host in ("127.0.0.1", "localhost"):  # the same site on another port; another site
        with elsewhere(page) as port:
            tab = ina.context.new_page()
            with tab.expect_response(lambda answer: "/unrelease" in answer.url) as answer:
                tab.goto(f"http://{host}:{port}/")
            outcomes.add(answer.value.status)
            tab.close()
    listed = ina.ask("GET", "/formgrader/api/assignments").json()
    assert next(row for row in listed if row["name"] == LAB)["status"] == "released"
    assert outcomes <= {403, 302}, outcomes
    return "refused; the lab stays released"


@attempt("A request to release without the XSRF token")
def no_token(people):
    ina = people("ina")
    url = f"{ina.base}/formgrader/api/assignment/{LAB}/unrelease"
    return f"{ina.context.request.post(url).status}"


@attempt("A page elsewhere shows formgrader in a frame (clickjacking)")
def framed(people):
    ina = people("ina")
    sent = ina.ask("GET", "/formgrader").headers["content-security-policy"]
    student = people("ben").ask("GET", "/lab").headers["content-security-policy"]
    return f"formgrader: {sent}; students' pages: {student}"


@attempt("A student's program takes more memory, disk or processes than its share")
def limits(people):
    script = (
        "ulimit -v; ulimit -f; ulimit -u\n"
        "python -c 'bytearray(64 << 30)' 2>&1 | tail -1\n"
    )  # fmt: skip
    memory, size, processes, said = people("ben").terminal(script).split("\n")[-4:]
    bounded = all(value != "unlimited" for value in (memory, size))
    bounded &= processes != "unlimited" or os.getuid() != 0
    return f"{said}; limits hold" if bounded else f"{memory}, {size}, {processes}: {said}"


class elsewhere:  # noqa: N801
    """A web server of somebody else, with one page."""

    def __init__(self, page):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.address_family = socket.AF_INET

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.server.server_address[1]

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()


OUTCOMES = {}


@pytest.mark.parametrize("title", ATTEMPTS)
def test_an_attempt_ends_as_the_table_says(people, title):
    OUTCOMES[title] = ATTEMPTS[title](people)
    if not os.environ.get("HUB_WRITE_SECURITY"):
        assert OUTCOMES[title] == written()[title]


def test_the_table_holds_these_attempts_and_no_others():
    if os.environ.get("HUB_WRITE_SECURITY"):
        write(OUTCOMES)
    assert list(written()) == list(ATTEMPTS)


def written():
    """Return the outcome of each attempt in the table."""
    table = SECURITY.read_text().split(BEGIN)[1].split(END)[0]
    rows = [line.strip("| ").split(" | ") for line in table.strip().splitlines()[2:]]
    return dict(rows)


def write(outcomes):
    """Put the table of this run in the place of the old one."""
    before, rest = SECURITY.read_text().split(BEGIN)
    rows = [f"| {title} | {outcome} |" for title, outcome in outcomes.items()]
    table = "\n".join(["| attempt | outcome |", "| --- | --- |", *rows])
    SECURITY.write_text(f"{before}{BEGIN}{table}\n{END}{rest.split(END)[1]}")
