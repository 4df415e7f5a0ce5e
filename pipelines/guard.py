"""Who may talk to Dagster's page: this machine's own browser, from the page itself, by the person who opened it.

Dagster's page answers anybody: any Host header, any web page that sends a form or opens a websocket, any account on
the machine, and it changes things by GET. Here stands in front of it, for HTTP and websocket alike:

========================  =============================================================================================
Host                      names this machine and the page's own port, so that no foreign name can be rebound to it
Origin, Sec-Fetch-Site    when a browser sends them, they say that the page itself asks; a websocket must say so
method                    GET and HEAD only look, so GraphQL is asked by POST, as JSON
token                     printed in the terminal of whoever opened the page, then kept in a cookie; it ends with the page
========================  =============================================================================================
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evaluation.words.texts import texts

TEXT = texts("running")


NAMES = ("127.0.0.1", "localhost")
_LOOKS = {"GET", "HEAD"}
_SAME = {"same-origin", "none"}
_HEADERS = {
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class Refusal:
    """Why a request is turned away, and how HTTP says so."""

    status: int
    why: str


@dataclass(frozen=True)
class Guard:
    """The application behind it answers only what has passed."""

    app: ASGIApp
    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def cookie(self) -> str:
        """The cookie's name; cookies are not kept apart by port, their names are."""
        return f"komglad_{self.port}"

    @property
    def address(self) -> str:
        """Where the person who opened the page begins."""
        return f"http://{NAMES[0]}:{self.port}/?{urlencode({'token': self.token})}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or turn it away before anything of it is read."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refusal = self.refusal(scope)
        if refusal is None and scope["type"] == "http" and self._brings_token(scope):
            await self._let_in()(scope, receive, send)
        elif refusal is None:
            await self.app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        else:
            response = PlainTextResponse(refusal.why + "\n", refusal.status, _HEADERS)
            await response(scope, receive, send)

    def refusal(self, scope: Scope) -> Refusal | None:
        """Why this request may not pass, or None."""
        headers = Headers(scope=scope)
        is_socket = scope["type"] == "websocket"
        hosts = {f"{name}:{self.port}" for name in NAMES}
        if headers.getlist("host") not in [[host] for host in hosts]:
            return Refusal(400, TEXT("guard_own_address"))
        origins = headers.getlist("origin")
        if (origins or is_socket) and origins != [f"http://{headers['host']}"]:
            return Refusal(403, TEXT("guard_own_page"))
        if not set(headers.getlist("sec-fetch-site")) <= _SAME:
            return Refusal(403, TEXT("guard_own_page"))
        if not is_socket and (refused := _changes_by_looking(scope, headers)):
            return refused
        if self._knows_token(headers) or (not is_socket and self._brings_token(scope)):
            return None
        return Refusal(
            403,
            TEXT("guard_open_again"),
        )

    def _knows_token(self, headers: Headers) -> bool:
        cookies = [SimpleCookie(line).get(self.cookie) for line in headers.getlist("cookie")]
        return any(hmac.compare_digest(c.value.encode(), self.token.encode()) for c in cookies if c)

    def _brings_token(self, scope: Scope) -> bool:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        is_first = scope["method"] in _LOOKS and scope["path"] == "/" and len(given) == 1
        return is_first and hmac.compare_digest(given[0].encode(), self.token.encode())

    def _let_in(self) -> Response:
        response = RedirectResponse("/", status_code=303, headers=_HEADERS | {"Cache-Control": "no-store"})
        response.set_cookie(self.cookie, self.token, httponly=True, samesite="strict", path="/")
        return response


def _changes_by_looking(scope: Scope, headers: Headers) -> Refusal | None:
    """A form or an image of another page can send GET and simple POST; neither can send JSON."""
    if scope["method"] in _LOOKS:
        asks = scope["path"].rstrip("/").endswith("/graphql") and scope["query_string"]
        return Refusal(405, TEXT("guard_post")) if asks else None
    if scope["method"] != "POST":
        return Refusal(405, TEXT("guard_methods"))
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    return None if kind == "application/json" else Refusal(415, TEXT("guard_json"))


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            names = {name.lower() for name, _ in message["headers"]}
            more = [(k.lower().encode(), v.encode()) for k, v in _HEADERS.items()]
            message["headers"] = [*message["headers"], *(pair for pair in more if pair[0] not in names)]
        await send(message)

    return sending
