"""Large files come only from those who may send them, and stay in memory.

A form is read before the dependencies of its route are asked. A hot list is large and
names cars of people who did nothing but report a theft: nobody else may fill the memory
of the server, and it must not lie in a temporary folder, where it is in the clear and
outlives a server that is killed.
"""

from collections.abc import Callable, Coroutine
from typing import ClassVar

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.formparsers import MultiPartParser
from typing_extensions import override

from charteroak.core.people import Act
from charteroak.server.web.security import LARGEST_UPLOAD
from charteroak.server.web.session import SAFE, admit

# A form is never larger than this, so that no part of it ever rolls over to a file.
# Starlette offers no other way in.
MultiPartParser.spool_max_size = LARGEST_UPLOAD


class Admitting(APIRoute):
    """A route whose body is read only from whoever may load a list."""

    act: ClassVar[Act] = Act.LOAD_HOTLIST

    @override
    def get_route_handler(
        self,
    ) -> Callable[[Request], Coroutine[None, None, Response]]:
        handle = super().get_route_handler()

        async def admitting(request: Request) -> Response:
            if request.method not in SAFE:
                await run_in_threadpool(admit, request, self.act)
            return await handle(request)

        return admitting


class AdmittingDesk(Admitting):
    """A route whose body is read only from whoever works at the disclosure desk."""

    act: ClassVar[Act] = Act.ENTER_DISCLOSURE


class AdmittingHolders(Admitting):
    """A route whose body is read only from whoever may hold reads for a case."""

    act: ClassVar[Act] = Act.REQUEST_HOLD
