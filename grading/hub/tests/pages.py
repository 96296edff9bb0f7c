"""What a person does in the browser: JupyterLab, the assignment list, formgrader."""

import json
import time
from pathlib import Path

LAB = "lab00_tiny"
PATIENCE_MS = 60_000


class Visits:
    """Open a browser of one's own as a member, logged in; the same one when asked again."""

    def __init__(self, hub, browser, screenshots):
        self.hub, self.browser, self.screenshots = hub, browser, screenshots
        self.visitors = {}

    def stranger(self, name):
        """A browser that nobody has logged in with."""
        context = self.browser.new_context(viewport={"width": 1360, "height": 860})
        return Visitor(self.hub, context, name, self.screenshots)

    def __call__(self, name):
        if name not in self.visitors:
            self.visitors[name] = self.stranger(name)
            self.visitors[name].log_in()
        return self.visitors[name]


class Visitor:
    """A browser of one's own, and the same person's requests without a page."""

    def __init__(self, hub, context, name, screenshots):
        self.hub, self.context, self.name, self.screenshots = hub, context, name, screenshots
        self.base = f"{hub.url}/user/{name}"
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)

    # -- entering ------------------------------------------------------------------------------

    def log_in(self, password=None):
        """Type name and password, and wait for JupyterLab."""
        self.try_password(password or self.hub.password(self.name))
        self.page.wait_for_url(f"**/user/{self.name}/lab**")
        self.page.locator("#jp-main-dock-panel").wait_for()

    def try_password(self, password):
        """Type name and a password."""
        self.page.goto(f"{self.hub.url}/hub/login")
        self.page.fill("#username_input", self.name)
        self.page.fill("#password_input", password)
        self.page.click("#login_submit")

    def restart_server(self):
        """Press Restart where JupyterLab says that the server is gone; go on in the tab that opens."""
        dialog = self.page.locator(".jp-Dialog-content", has_text="Server unavailable")
        dialog.wait_for()
        self.picture(f"killed-{self.name}-is-asked")
        with self.context.expect_page() as opened:
            dialog.get_by_role("button", name="Restart").click()
        self.page.close()
        self.page = opened.value
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.wait_for_url(f"**/user/{self.name}/lab**")
        self.page.locator("#jp-main-dock-panel").wait_for()

    def reload(self):
        """Load JupyterLab again, as one does when a page has lost its hub."""
        self.page.goto(f"{self.base}/lab?reset")
        self.page.locator("#jp-main-dock-panel").wait_for()

    def picture(self, name):
        """Keep what the window shows."""
        self.page.wait_for_timeout(600)  # moving things come to rest
        self.page.screenshot(path=self.screenshots / f"{name}.png")

    # -- requests ------------------------------------------------------------------------------

    def ask(self, method, path, data=None, headers=None):
        """Send a request as this person's pages do: with cookies and the XSRF token."""
        url = path if path.startswith("http") else f"{self.base}{path}"
        tokens = [
            c["value"] for c in self.context.cookies(f"{self.base}/") if c["name"] == "_xsrf"
        ]  # fmt: skip
        sent = {"X-XSRFToken": tokens[-1]} if tokens else {}
        body = None if data is None else json.dumps(data)
        return self.context.request.fetch(
            url, method=method, data=body, headers={**sent, **(headers or {})}, max_redirects=5
        )

    def read(self, path):
        """Return the text of a file in this person's home, or None."""
        answer = self.ask("GET", f"/api/contents/{path}?content=1&format=text&type=file")
        return answer.json()["content"] if answer.ok else None

    def write(self, path, text):
        """Write a file into this person's home."""
        kind = "notebook" if path.endswith(".ipynb") else "file"
        content = json.loads(text) if kind == "notebook" else text
        form = "json" if kind == "notebook" else "text"
        return self.ask(
            "PUT", f"/api/contents/{path}", {"type": kind, "format": form, "content": content}
        )

    # -- JupyterLab ----------------------------------------------------------------------------

    def menu(self, *names):
        """Choose from the menu bar."""
        for name in names:
            self.page.get_by_role("menuitem", name=name, exact=True).click()

    def menu_entries(self, name):
        """Return what a menu offers."""
        self.menu(name)
        self.page.locator(".lm-Menu").wait_for()
        found = self.page.locator(".lm-Menu .lm-Menu-itemLabel").all_inner_texts()
        self.page.keyboard.press("Escape")
        return [text for text in found if text]

    def terminal(self, command, seconds=60):
        """Type a command into a terminal of JupyterLab and return what it printed."""
        out = f"said-{time.monotonic_ns()}.txt"
        self.write("command.sh", command)
        tab = self.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab", has_text="Terminal")
        if tab.count():
            tab.first.click()
        else:
            self.menu("File")
            self.page.locator(".lm-Menu-itemLabel", has_text="New Launcher").click()
            self.page.locator(".jp-LauncherCard:visible", has_text="Terminal").first.click()
            self.page.locator(".jp-Terminal .xterm-screen:visible").wait_for()
            self.page.wait_for_timeout(1500)  # the shell prints its prompt
        self.page.locator(".jp-Terminal:visible").click()
        self.page.keyboard.type(f"sh ~/command.sh 2>&1 | tee ~/{out}; echo END >>~/{out}\n")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            text = self.read(out)
            if text and text.rstrip().endswith("END"):
                return text.rstrip().removesuffix("END").rstrip()
            time.sleep(0.3)
        raise AssertionError(f"no end of {command!r}: {text!r}")

    def scenarios(self):
        """Return the codes of this person's scenarios, by variable."""
        lines = self.terminal("env | grep ^SUPERCYCLE_SEED_").splitlines()
        return dict(line.split("=") for line in lines)

    def seeds(self, *students):
        """Let the instructor work out students' codes; return them by student and variable."""
        roster = "\n".join(("id", *students))
        said = self.terminal(
            f"cd ~/course && echo '{roster}' >~/roster.csv && grader seeds ~/roster.csv"
        )
        rows = [dict(word.split("=") for word in line.split()) for line in said.splitlines()]
        return {row.pop("student"): row for row in rows}

    # -- the assignment list ---------------------------------------------------------------------

    def assignments(self):
        """Open the assignment list."""
        self.menu("Nbgrader", "Assignment List")
        self.page.locator("#released_assignments_list_loading").wait_for(state="hidden")

    def refresh_assignments(self):
        """Press the list's refresh button."""
        self.page.locator("#refresh_assignments_list").click()
        self.page.locator("#released_assignments_list_loading").wait_for(state="hidden")

    def in_list(self, kind, button):
        """Return a button of the released, fetched or submitted assignments."""
        place = self.page.locator(f"#{kind}_assignments_list")
        return place.get_by_role("button", name=button, exact=True)

    def validate(self):
        """Press Validate and return what the dialog says."""
        button = self.in_list("fetched", "Validate")
        if not button.is_visible():
            self.page.locator("#fetched_assignments_list a.assignment-notebooks-link").click()
        button.click()
        dialog = self.page.locator(".jp-Dialog-content")
        dialog.wait_for()
        return dialog.inner_text()

    def dismiss(self):
        """Close the dialog."""
        self.page.locator(".jp-Dialog-footer button").last.click()
        self.page.locator(".jp-Dialog-content").wait_for(state="detached")

    def open_notebook(self):
        """Follow the link of the fetched notebook."""
        self.page.locator("#fetched_assignments_list .nested_list_item a").first.click()
        self.page.locator(".jp-Notebook").wait_for()
        self.page.locator("#jp-bottom-panel", has_text="| Idle").wait_for()

    def answer(self, cell, source):
        """Type an answer into a cell, counted from 0."""
        place = self.page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{cell}"]')
        place.scroll_into_view_if_needed()
        if "jp-MarkdownCell" in place.get_attribute("class"):
            place.dblclick()
        place.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)

    def run_all(self):
        """Run every cell, as far as it goes."""
        self.menu("Run", "Run All Cells")

    def printed(self, text):
        """Wait until a cell of the notebook has printed a text."""
        self.page.locator(".jp-Notebook .jp-OutputArea", has_text=text).first.wait_for()

    def all_have_run(self):
        """Wait until each code cell of the notebook has a number."""
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputPrompt')]"
            ".every(prompt => /\\d/.test(prompt.textContent))"
        )

    def save(self):
        """Press Ctrl-S and wait until the notebook is written."""
        with self.page.expect_response(
            lambda answer: answer.request.method == "PUT" and "/api/contents/" in answer.url
        ):
            self.page.keyboard.press("Control+s")

    # -- formgrader ----------------------------------------------------------------------------

    def formgrader(self):
        """Open formgrader in a tab of JupyterLab and return its frame."""
        self.menu("Nbgrader", "Formgrader")
        return self.page.frame_locator("iframe[src*=formgrader]")

    def press(self, frame, column, row=LAB):
        """Press a button of a row of formgrader's table; return what the dialog says."""
        frame.locator("tr", has_text=row).locator(f"td.{column} a").click()
        return self.outcome(frame)

    def outcome(self, frame):
        """Return the title and text of formgrader's dialog, and close it."""
        modal = frame.locator(".modal.in")
        title = modal.locator(".modal-title", has_text="Success").or_(
            modal.locator(".modal-title", has_text="Error")
        )  # fmt: skip
        title.wait_for()
        said = title.inner_text(), modal.locator(".modal-body").inner_text()
        modal.locator(".modal-footer button").last.click()
        modal.wait_for(state="hidden")
        return said


def text_of(path: Path) -> str:
    """Return a file's text, or nothing."""
    return path.read_text() if path.is_file() else ""
