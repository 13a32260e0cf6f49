"""What stands between a request and the pages: who may ask, from where, and what a browser may do with the answer.

A page of another site that is open in the same browser must not be able to read the atlas or to start anything in it.
So the name in Host must be one of ours (a foreign name that resolves to this machine is refused), Origin must be ours
wherever it is sent and must be sent with everything but GET and HEAD, and beyond loopback every request bears a token.
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlatlas.atlas.errors import AtlasError

LOOPBACK = ("localhost", "127.0.0.1", "::1")
READING = ("GET", "HEAD")
LARGEST = 65_536  # bytes of a request's body
COOKIE = "mlatlas-token"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # no-referrer would send Origin: null with our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True)
class Door:
    """Where the atlas listens, and the token that opens it; without a token it listens on loopback only."""

    host: str = "127.0.0.1"
    token: str | None = None

    def __post_init__(self) -> None:
        if not self.token and not is_loopback(self.host):
            raise AtlasError(
                f"--host {self.host} can be reached by others, so it wants a token; let mlatlas serve make one."
            )

    def knows(self, host: str | None) -> bool:
        """Whether a Host header names this machine: loopback, the address listened on, or with a token any address."""
        name = _hostname(host)
        if name in LOOPBACK or name == self.host.lower():
            return True
        return self.token is not None and (_is_address(name) or name == socket.gethostname().lower())

    def opens(self, token: str | None) -> bool:
        """Whether this is the token."""
        return self.token is None or (token is not None and hmac.compare_digest(token.encode(), self.token.encode()))


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host in LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware: refuses what is not ours, and puts `HEADERS` on every answer."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self.app, self.door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":
            raise RuntimeError(f"the atlas speaks http alone, not {scope['type']}")

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        answer: Any = self._refusal(scope) or self.app
        await answer(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        """What is said instead of the page; None when all is well."""
        headers = Headers(scope=scope)
        host, origin = headers.get("host"), headers.get("origin")
        if not self.door.knows(host):
            return _refused(421, f"Host {_brief(host)} is not a name of this atlas; open the address that it printed.")
        if origin is not None and origin != f"{scope['scheme']}://{host}":
            return _refused(403, f"Origin {_brief(origin)} is another site; the atlas answers its own pages alone.")
        if scope["method"] not in READING:
            if origin is None:
                return _refused(403, "What changes something must come from a page of the atlas: Origin is missing.")
            length = headers.get("content-length", "")
            if not length.isdecimal() or int(length) > LARGEST:
                return _refused(413, f"A request says in Content-Length how long it is, at most {LARGEST} bytes.")
        return self._without_token(scope, headers)

    def _without_token(self, scope: Scope, headers: Headers) -> Response | None:
        """Let in who bears the token in a cookie; who brings it in the address gets the cookie."""
        if self.door.opens(_cookie(headers)):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        token = dict(query).get("token")
        if scope["method"] in READING and token and self.door.opens(token):
            rest = urlencode([pair for pair in query if pair[0] != "token"])
            path = "/" + scope["path"].lstrip("/\\")
            answer = RedirectResponse(f"{path}?{rest}" if rest else path, 303)
            answer.set_cookie(COOKIE, token, httponly=True, samesite="strict")
            return answer
        return _refused(401, "This atlas wants its token; open the whole address that mlatlas serve printed.")


def _cookie(headers: Headers) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None


def _hostname(host: str | None) -> str:
    """The name in a Host header without its port, an IPv6 address without its brackets."""
    host = (host or "").lower()
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _brief(value: str | None) -> str:
    return repr((value or "")[:80])


def _refused(status: int, reason: str) -> Response:
    return PlainTextResponse(f"mlatlas: {reason}\n", status)
