"""nbgrader as instructors reach it: the command, and formgrader's buttons without a browser."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def nbgrader(course, *words):
    """Run the command in a course."""
    return subprocess.run(
        ["nbgrader", *words], cwd=course.root, env=ENVIRONMENT, capture_output=True, text=True
    )


def application(root, monkeypatch):
    """Return the handlers of formgrader, without a browser and without a login."""
    from jupyter_server.base.handlers import JupyterHandler
    from nbgrader.server_extensions.formgrader import apihandlers, formgrader
    from tornado.web import Application

    monkeypatch.chdir(root)
    monkeypatch.setattr(JupyterHandler, "get_current_user", lambda self: "instructor")
    monkeypatch.setattr(JupyterHandler, "prepare", lambda self: None)
    monkeypatch.setattr(JupyterHandler, "check_xsrf_cookie", lambda self: None)
    extension = formgrader.FormgradeExtension()
    extension.root_dir = str(root)
    extension.initialize([])
    made = Application(
        base_url="/", root_dir=str(root), cookie_secret="x", allow_origin="",
        headers={}, login_url="/login",
    )  # fmt: skip
    extension.init_tornado_settings(made)
    made.add_handlers(".*$", apihandlers.default_handlers)
    return made


def post(application, path):
    """Send one POST to an application and return the JSON it answers."""
    from tornado.httpclient import AsyncHTTPClient
    from tornado.httpserver import HTTPServer
    from tornado.testing import bind_unused_port

    async def send():
        socket, port = bind_unused_port()
        server = HTTPServer(application)
        server.add_sockets([socket])
        answer = await AsyncHTTPClient().fetch(
            f"http://127.0.0.1:{port}{path}", method="POST", body="", request_timeout=60
        )
        server.stop()
        return json.loads(answer.body)

    return asyncio.run(send())
