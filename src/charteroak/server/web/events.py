"""The board as a stream of server-sent events.

Every connection first gets the whole current board, so nothing depends on the number
of the last event. A stream ends by itself after a minute; the browser comes again, and
whoever may no longer see the board is then refused.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, StreamingResponse

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
T = TypeVar("T")


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
        await _result(feed.renew())
        while clock() < ends and feed.running:
            subscriber.changed.clear()
            latest = feed.latest
            if latest.board is not None or latest.down_since is not None:
                # The strip goes with every change and every heartbeat.
                with_list = latest.change != sent and latest.board is not None
                sent = latest.change
                second = int(clock())
                for text in _write(
                    request, latest, asked, second=second, with_list=with_list
                ):
                    yield await _result(text)
            try:
                async with asyncio.timeout(min(HEARTBEAT_S, max(ends - clock(), 0))):
                    await subscriber.changed.wait()
            except TimeoutError:
                continue


async def _result(future: Future[T]) -> T:
    """What comes of it; whoever goes away cancels it for nobody else."""
    return await asyncio.shield(asyncio.wrap_future(future))


class Written:
    """Texts as they were written last, so that a thousand browsers cost one rendering.

    A thread of its own writes them, so that pages never wait for one. Nothing in them
    belongs to one session: the forms of the cards are elsewhere.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="board-writer")
        self._shelves: dict[str, tuple[object, dict[str, Future[bytes]]]] = {}

    def get(
        self, what: str, as_of: object, query: str, write: Callable[[], bytes]
    ) -> Future[bytes]:
        """The text of a part of the board and a filter, written when first asked for.

        Args:
            what: which part.
            as_of: what the text depends on; the last one asked for is kept.
            query: the filter.
            write: writes it.
        """
        with self._lock:
            of, texts = self._shelves.get(what, (None, {}))
            if of != as_of or len(texts) >= _FILTERS_MOST:
                texts = {}
                self._shelves[what] = (as_of, texts)
            if query not in texts:
                texts[query] = self._writer.submit(write)
            return texts[query]


def _write(
    request: Request,
    latest: Latest,
    asked: BoardFilter,
    *,
    second: int,
    with_list: bool,
) -> list[Future[bytes]]:
    """The events that a browser gets now.

    Args:
        request: of the browser.
        latest: what the feed knows.
        asked: the browser's filter.
        second: of any steady clock: no strip is older than that.
        with_list: whether the list is among them.
    """
    pages = pages_of(request)
    written: Written = request.app.state.board_written
    board = latest.board

    def event(name: str, block: str) -> bytes:
        values: dict[str, object] = {"down_since": latest.down_since}
        if board is not None:
            values = board_context(board, asked, down_since=latest.down_since)
        return _event(name, pages.write("board.html", values, block=block))

    if board is None:
        down = (latest.down_since, second)
        return [written.get("down", down, "", lambda: event("down", "down"))]
    strip = written.get(
        "strip",
        (latest.change, latest.down_since, second),
        asked.query,
        lambda: event("strip", "strip"),
    )
    if not with_list:
        return [strip]
    alerts = written.get(
        "list", latest.change, asked.query, lambda: event("board", "alerts")
    )
    return [alerts, strip]


def _event(name: str, text: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"event: {name}\n{lines}\n".encode()
