"""The atlas in the browser: the application, made of one router for each kind of page."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.map import Atlas, open_atlas
from mlatlas.atlas.store import Store
from mlatlas.atlas.web import checks, drills, fonts, labs, places, tables
from mlatlas.atlas.web.page import region_style
from mlatlas.atlas.web.safety import Door, Guard
from mlatlas.atlas.web.site import STATIC, render

PAGES = (fonts, places, tables, labs, drills, checks)


def create_app(door: Door | None = None, atlas: Atlas | None = None, store: Store | None = None) -> FastAPI:
    """The application; every request passes the `Guard` first. There are no generated API pages: they load from afar."""
    app = FastAPI(title="mlatlas", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.atlas, app.state.store = atlas or open_atlas(), store or Store()
    app.state.door = door or Door()
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=6)
    app.add_middleware(Guard, door=app.state.door)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_api_route("/regions.css", _regions, methods=["GET"])
    for page in PAGES:
        app.include_router(page.router)
    app.add_exception_handler(HTTPException, _explained)
    app.add_exception_handler(RequestValidationError, _explained)
    app.add_exception_handler(AtlasError, _explained)
    return app


def _explained(request: Request, error: Exception) -> Response:
    """What went wrong, as a page: an address that leads nowhere, or what an AtlasError says."""
    match error:
        case HTTPException():
            status, reason = error.status_code, str(error.detail)
        case RequestValidationError():
            status, reason = 422, "; ".join(f"{one['loc'][-1]}: {one['msg']}" for one in error.errors())
        case _:
            status, reason = 404 if request.method == "GET" else 400, str(error)
    return render(request, "error.html", status, code=status, reason=reason)


def _regions() -> Response:
    return Response(region_style(), media_type="text/css")
