"""``mlatlas open``: the atlas in the browser, and a browser that shows it."""

from __future__ import annotations

from mlatlas.atlas.cli._terminal import Lang
from mlatlas.atlas.cli.serve import PORT, Host, Port, serve


def command(port: Port = PORT, host: Host = "127.0.0.1", lang: Lang = None) -> None:
    """Serve the atlas, and open a browser that shows it."""
    serve(host, port, browser=True, lang=lang)
