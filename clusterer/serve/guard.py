"""Who may ask, how much a request may hold, and what browsers are told of every answer. Knows nothing of what is served.

A page of a stranger can have its own name resolve to this machine (DNS rebinding) and then read what this machine serves. Its
requests name that host: only names of this machine, and addresses, which nobody can rebind, are answered. Sources: "DNS
rebinding" and "Cross-Site Request Forgery Prevention", OWASP; Fetch Metadata Request Headers and CSP Level 3, W3C.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 1 << 20
"""Bytes of a request's body: a long article has a hundredth of it."""
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with none at all a browser does not say where a form comes from
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""What every answer says: no script, nothing from elsewhere, in no frame, kept nowhere."""
_READS = ("GET", "HEAD", "OPTIONS")


class Guard:
    """Refuses requests for other hosts and of too many bytes; adds `HEADERS` to every answer; knows where a proxy offers it."""

    def __init__(self, app: ASGIApp, names: Collection[str], root_path: str = "") -> None:
        """Guard an application.

        Args:
            app: to guard.
            names: of this machine, beside its addresses.
            root_path: of ASGI, under which a proxy offers it, whether this takes it away from what it passes on or not.
        """
        self._app, self._names, self._root = app, {name.lower() for name in names}, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        path, method = scope["path"], scope["method"]
        if not f"{path}/".startswith(f"{self._root}/"):
            path = self._root + path
        # HEAD is as GET; servers leave out the body.
        scope = {**scope, "path": path, "root_path": self._root, "method": "GET" if method == "HEAD" else method}
        refusal = self._refusal(scope["method"], scope["query_string"], Headers(scope=scope))
        await (refusal or self._app)(scope, receive, told)

    def _refusal(self, method: str, query: bytes, headers: Headers) -> PlainTextResponse | None:
        host = headers.get("host", "")
        if not is_own(host, self._names):
            return PlainTextResponse(
                f"{host!r} is no name of this machine; cure: its address, or --host with that name\n", 421
            )
        if not query.isascii():  # some servers let it through, and what reads it as UTF-8 would fall over it
            return PlainTextResponse("bytes beyond ASCII in the address; cure: percent-encode them\n", 400)
        if method in _READS:
            return None
        size = headers.get("content-length", "")
        if not size.isdecimal():
            return PlainTextResponse("how long the body is must be told (Content-Length)\n", 411)
        if int(size) > MOST_BYTES:
            return PlainTextResponse(f"a body of {size} bytes; the most are {MOST_BYTES:,}\n", 413)
        return None


def is_own(host: str, names: Collection[str]) -> bool:
    """Whether a Host header names this machine: by an address, or by one of its names in lower case.

    Examples:
        >>> [is_own(host, {"localhost"}) for host in ("localhost:8000", "127.0.0.1", "[::1]:80", "evil.example", "")]
        [True, True, True, False, False]
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        if "@" in host or not name:
            return False
        if name.rstrip(".") in names:
            return True
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_same_origin(request: Request) -> bool:
    """Whether a form was sent from a page of ours: browsers say where it comes from, and no script can change that."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    return origin == f"{request.url.scheme}://{request.headers.get('host', '')}"
