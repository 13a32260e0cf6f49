"""``mlatlas serve``: the atlas in the browser."""

from __future__ import annotations

import socket
from importlib.util import find_spec
from typing import Annotated

import typer

from mlatlas.atlas.cli._terminal import Lang, console, language
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.text import Language, Text

PORT = 8642
HERE = Text("The atlas is at {address}  (Ctrl-C ends it)", "图集在 {address}  （按 Ctrl-C 结束）")
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Where to listen; 0 takes any free port.")]
Host = Annotated[
    str, typer.Option("--host", help="The address to listen on; other machines need the token that is printed.")
]


def command(port: Port = PORT, host: Host = "127.0.0.1", lang: Lang = None) -> None:
    """Serve the atlas to a browser on this machine: map, pages, drills, labs."""
    serve(host, port, browser=False, lang=lang)


def serve(host: str, port: int, browser: bool, lang: Language | None) -> None:
    """Listen, print the address once somebody answers there, and serve until interrupted."""
    if missing := [name for name in ("fastapi", "uvicorn") if not find_spec(name)]:
        raise AtlasError(f"the browser's atlas needs {' and '.join(missing)}; pip install 'mlatlas[web]'.")
    import secrets
    import webbrowser

    import uvicorn

    from mlatlas.atlas.web.app import create_app
    from mlatlas.atlas.web.safety import Door, is_loopback

    token = None if is_loopback(host) else secrets.token_urlsafe(24)
    app = create_app(Door(host, token))
    with _listening(host, port) as ear:
        address = f"http://{_shown(host)}:{ear.getsockname()[1]}/" + (f"?token={token}" if token else "")
        console().print(HERE[language(lang)].format(address=address), style="bold", soft_wrap=True)
        if browser:
            webbrowser.open(address)
        settings = uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=1)
        uvicorn.Server(settings).run(sockets=[ear])


def _listening(host: str, port: int) -> socket.socket:
    """The socket that answers from now on; AtlasError where it cannot be had."""
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(where[:2], family=family, backlog=128)
    except (OSError, UnicodeError) as error:
        raise AtlasError(
            f"--host {host} --port {port}: cannot listen there ({error}); name another, or --port 0 for any free one."
        ) from None


def _shown(host: str) -> str:
    """The host as an address names it; an address that means all interfaces by this machine's name."""
    if host in ("0.0.0.0", "::"):
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host
