"""``python -m hub start`` and ``python -m hub clean``: the class's JupyterHub on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from grader.errors import GraderError
from hub import isolation, prepare
from hub.folders import CHECKOUT, Hub

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)

_Data = Annotated[
    Path, typer.Option(envvar="HUB_DATA", help="Everything the hub keeps lies in this folder.")
]
_DATA = CHECKOUT / "grading" / "hub" / "data"


@app.command()
def start(
    port: Annotated[int, typer.Option(envvar="HUB_PORT", help="On 127.0.0.1.", min=1)] = 8000,
    data: _Data = _DATA,
    solutions: Annotated[Path, typer.Option(help="The labs.")] = CHECKOUT / "solutions",
    tools: Annotated[Path, typer.Option(help="Where npm put the proxy and MathJax.")] = CHECKOUT
    / ".build"
    / "hub",
) -> None:
    """Set the class up if it is new, release its labs, and run the hub until Ctrl-C."""
    proxy = prepare.proxy_command(tools)
    hub = Hub.at(data, tools)
    prepare.check_port(hub, port)
    print(isolation.how(hub).sentence, flush=True)
    prepare.make_class(hub, solutions, say=lambda step: print(step, flush=True))
    print(f"\nThe hub is at http://127.0.0.1:{port}/ (this machine only). Ctrl-C ends it.\n")
    for member in hub.members():
        print(f"  {member.role:10}  {member.name:8}  {member.password}")
    print(f"\nWho is in the class, with passwords: {hub.roster}", flush=True)
    environment = {
        **os.environ,
        "HUB_DATA": str(hub.root),
        "HUB_TOOLS": str(hub.tools),
        "HUB_PORT": str(port),
        "HUB_PROXY": "\n".join(proxy),
        **prepare.own_ports(hub),
    }
    config = Path(__file__).parent / "jupyterhub_config.py"
    os.chdir(hub.state)
    os.execve(sys.executable, [sys.executable, "-m", "jupyterhub", "-f", str(config)], environment)


@app.command()
def clean(data: _Data = _DATA) -> None:
    """Remove the class: its accounts, homes, submissions and grades."""
    if data.exists():
        gone = prepare.remove_class(Hub.at(data))
        print(f"{data} is removed" + (f", and {gone} Unix accounts" if gone else ""))


def main() -> None:
    """Run the command; problems end it with one sentence and exit status 1."""
    try:
        app()
    except GraderError as error:
        print(f"hub: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
