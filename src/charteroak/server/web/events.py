"""The board as a stream of server-sent events.

Every connection first gets the whole current board, so nothing depends on the number
of the last event. A stream ends by itself after a minute; the browser comes again, and
whoever may no longer see the board is then refused.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from threading import Lock
from typing import Annotated, Final

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from charteroak.core.people import Act
from charteroak.server.web.board_feed import BoardFeed, Latest
from charteroak.server.web.board_view import BoardFilter, board_context
from charteroak.server.web.render import pages_of
from charteroak.server.web.session import Receiving, TheAgency

router = APIRouter()

HEARTBEAT_S: Final = 15.0
STREAM_S: Final = 60.0
_COME_AGAIN_MS: Final = 1000
_FILTERS_MOST: Final = 64
_making: Final = Lock()


def the_feed(request: Request, agency: TheAgency) -> BoardFeed:
    """The one feed of this process, made when first asked for."""
    with _making:
        feed = getattr(request.app.state, "board_feed", None)
        if not isinstance(feed, BoardFeed):
            feed = BoardFeed(agency)
            request.app.state.board_feed = feed
            request.app.state.board_written = Written()
        return feed


def end_streams(app: FastAPI) -> None:
    """End the streams of an app that stops, so that nobody is cut off in a write."""
    feed = getattr(app.state, "board_feed", None)
    if isinstance(feed, BoardFeed):
        feed.close()


TheFeed = Annotated[BoardFeed, Depends(the_feed)]


@router.get("/board/events", response_model=None)
async def board_events(
    request: Request, session: Receiving, feed: TheFeed
) -> StreamingResponse | HTMLResponse:
    """Stream the board to a browser, also while its session is locked for idleness."""
    if not session.person.may(Act.SEE_ALERTS):
        return HTMLResponse(status_code=403)
    return StreamingResponse(
        _events(request, feed, BoardFilter.parse(request.query_params)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(
    request: Request, feed: BoardFeed, asked: BoardFilter
) -> AsyncIterator[bytes]:
    clock = asyncio.get_running_loop().time
    ends = clock() + STREAM_S
    sent = -1
    with feed.subscribe() as subscriber:
        yield f"retry: {_COME_AGAIN_MS}\n\n".encode()
        await run_in_threadpool(feed.renew)
        while clock() < ends and feed.running:
            subscriber.changed.clear()
            latest = feed.latest
            if latest.board is not None or latest.down_since is not None:
                # The strip goes with every change and every heartbeat.
                text = await run_in_threadpool(
                    _write, request, latest, asked, with_list=latest.change != sent
                )
                sent = latest.change
                yield text
            try:
                async with asyncio.timeout(min(HEARTBEAT_S, max(ends - clock(), 0))):
                    await subscriber.changed.wait()
            except TimeoutError:
                continue


class Written:
    """The list as it was written last, so that twenty browsers cost one rendering.

    Nothing in it belongs to one session: the forms of the cards are elsewhere.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._change = 0
        self._texts: dict[str, bytes] = {}

    def get(self, change: int, query: str, write: Callable[[], bytes]) -> bytes:
        """The text of a change and a filter, written when first asked for."""
        with self._lock:
            if change != self._change or len(self._texts) >= _FILTERS_MOST:
                self._change, self._texts = change, {}
            if query not in self._texts:
                self._texts[query] = write()
            return self._texts[query]


def _write(
    request: Request, latest: Latest, asked: BoardFilter, *, with_list: bool
) -> bytes:
    pages = pages_of(request)
    if latest.board is None:
        values: dict[str, object] = {"down_since": latest.down_since}
        return _event("down", pages.write("board.html", values, block="down"))
    values = board_context(latest.board, asked, down_since=latest.down_since)
    strip = _event("strip", pages.write("board.html", values, block="strip"))
    if not with_list:
        return strip
    written: Written = request.app.state.board_written
    alerts = written.get(
        latest.change,
        asked.query,
        lambda: _event("board", pages.write("board.html", values, block="alerts")),
    )
    return alerts + strip


def _event(name: str, text: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"event: {name}\n{lines}\n".encode()
