"""The pages and the boxes' entrance of one agency, as one app."""

from typing import Final

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from charteroak.server.agency import Agency
from charteroak.server.web import (
    alert_pages,
    api,
    board_pages,
    camera_pages,
    council_pages,
    disclosure_entry_pages,
    disclosure_pages,
    entry_pages,
    events,
    export_pages,
    hold_list_pages,
    hold_pages,
    hotlist_pages,
    keep_pages,
    log_pages,
    map_pages,
    metrics,
    oversight_pages,
    owner_pages,
    packet_pages,
    partner_pages,
    people_pages,
    rules_pages,
    search_pages,
    session_pages,
    status_pages,
)
from charteroak.server.web.errors import Calm, add_handlers, refuse
from charteroak.server.web.plain import plain_form
from charteroak.server.web.render import STATIC, Pages, manifest
from charteroak.server.web.security import Direct, Guard, own_names
from charteroak.server.web.text import ENGLISH, Words

ROUTERS: Final[tuple[APIRouter, ...]] = (
    alert_pages.router,
    api.router,
    board_pages.router,
    camera_pages.router,
    council_pages.router,
    disclosure_entry_pages.router,
    disclosure_pages.router,
    entry_pages.router,
    events.router,
    export_pages.router,
    hotlist_pages.router,
    people_pages.router,
    hold_pages.router,
    hold_list_pages.router,
    keep_pages.router,
    log_pages.router,
    metrics.router,
    map_pages.router,
    oversight_pages.router,
    owner_pages.router,
    partner_pages.router,
    packet_pages.router,
    rules_pages.router,
    search_pages.router,
    session_pages.router,
    status_pages.router,
)
"""Every group of pages; a new one is added here, in one line."""


def create_app(agency: Agency, *, words: Words = ENGLISH) -> FastAPI:
    """Make the app of an agency.

    Whoever serves it must leave the proxy's headers alone (`proxy_headers=False` for
    uvicorn): they are read here, and only from `settings.proxy`. Its access log stays
    off too: `charteroak.server.web.access` writes one without addresses.

    Args:
        agency: whose server.
        words: the language of the pages.

    Raises:
        UnbuiltPagesError: styles and scripts have not been built.
    """
    assets = manifest()
    middleware = [
        Middleware(Guard, refuse=refuse, names=own_names(agency.settings)),
        Middleware(Calm),
    ]
    if agency.settings.proxy is not None:
        proxy = agency.settings.proxy
        middleware = [
            Middleware(Direct, proxy=proxy),
            Middleware(ProxyHeadersMiddleware, trusted_hosts=proxy),
            *middleware,
        ]
    app = FastAPI(
        title="Charter Oak",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        middleware=middleware,
        redirect_slashes=False,
        dependencies=[Depends(plain_form)],
    )
    app.state.agency = agency
    app.state.measures = metrics.Measures(agency)
    app.state.pages = Pages(agency, words=words, assets=assets)
    for router in ROUTERS:
        app.include_router(router)
    app.state.paths = frozenset(
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, Route)
    )
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    add_handlers(app)
    return app
