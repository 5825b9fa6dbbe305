"""The application: API, pages, styles and errors put together, behind the guard. Owns what an error looks like."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection

import anyio.to_thread
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from clusterer import __version__
from clusterer.errors import ClustererError, IndexDamaged, InputError
from clusterer.index.arrivals import OtherHistory
from clusterer.serve import api, pages
from clusterer.serve.desk import READERS, Desk
from clusterer.serve.guard import Guard

_SHOWN = 300  # letters of what is wrong with a field


def application(desk: Desk, names: Collection[str] = ("localhost",), root_path: str = "") -> ASGIApp:
    """Return the application over a desk.

    Args:
        desk: what is served.
        names: of this machine that requests may name, beside addresses.
        root_path: under which a proxy offers it, such as "/news"; it stands in every link, whether the proxy takes it away
            or not.
    """

    @contextlib.asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = READERS  # more would only wait for each other
        yield

    app = FastAPI(
        title="clusterer",
        version=__version__,
        summary="Stories of a living index of news",
        openapi_url="/api/openapi.json",
        docs_url=None,  # they would fetch scripts from elsewhere
        redoc_url=None,
        lifespan=life,
    )
    app.state.desk = desk
    app.include_router(api.router)
    app.include_router(pages.router)
    app.add_exception_handler(ClustererError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)
    return Guard(app, names, root_path)


def _told(request: Request, code: int, what: str) -> Response:
    """An error, as JSON to programs and as a page to people."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    if path.startswith("/api"):
        return api.answer({"error": what}, code)
    return pages.error_page(request, code, what)


async def _refused(request: Request, error: Exception) -> Response:
    """One of our errors: what was asked for is not there, breaks a rule, or the index cannot be read."""
    is_missing, is_asked = isinstance(error, api.NotThere), isinstance(error, InputError)
    is_damaged, is_other = isinstance(error, IndexDamaged), isinstance(error, OtherHistory)
    code = 404 if is_missing else 409 if is_other else 400 if is_asked and not is_damaged else 503
    return _told(request, code, str(error))


async def _invalid(request: Request, error: Exception) -> Response:
    """Fields of another kind, each with its name; not what was sent, which may not be writable."""
    assert isinstance(error, RequestValidationError)
    lines = [f"{'.'.join(map(str, x['loc'][1:])) or x['loc'][0]}: {x['msg']}" for x in error.errors()]
    return _told(request, 422, "; ".join(lines).encode("utf-8", "replace").decode()[:_SHOWN])


async def _plain(request: Request, error: Exception) -> Response:
    """No such page, or no such method."""
    assert isinstance(error, HTTPException)
    answer = _told(request, error.status_code, str(error.detail))
    answer.headers.update(error.headers or {})
    return answer
