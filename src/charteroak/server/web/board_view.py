"""What the board and an alert's page show, worked out before a template sees it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol
from urllib.parse import urlencode
from uuid import UUID

import attrs

from charteroak.core.alert import Outcome, Rejection, Status
from charteroak.core.box_report import CameraStanding
from charteroak.core.camera import is_camera_id
from charteroak.core.codes import Freshness
from charteroak.core.hotlist import ListClass
from charteroak.core.list_rules import freshness
from charteroak.server.actions.see_board import (
    CAMERA_QUIET,
    CLOCK_OFF_S,
    LIST_OLD,
    Board,
)
from charteroak.server.web.text import later

UNSURE_BELOW: Final = 0.9
"""A character of a lower probability is marked as unsure."""

REJECTIONS: Final = {
    Rejection.WRONG_CHARACTERS: later("Wrong characters"),
    Rejection.WRONG_STATE: later("Wrong state"),
    Rejection.WRONG_VEHICLE: later("Wrong vehicle"),
    Rejection.RECORD_NOT_ACTIVE: later("Record not active"),
}
OUTCOMES: Final = {
    Outcome.VEHICLE_RECOVERED: later("Vehicle recovered"),
    Outcome.PERSON_FOUND: later("Person found"),
    Outcome.STOPPED_AND_RELEASED: later("Stopped and released"),
    Outcome.ARREST: later("Arrest"),
    Outcome.NOT_FOUND: later("Not found"),
    Outcome.NO_ACTION: later("No action taken"),
}


class Show(StrEnum):
    """Which alerts the board shows, by where they stand."""

    ALL = "all"
    UNVERIFIED = "unverified"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class Listed(Protocol):
    """What a filter looks at; an alert has it."""

    @property
    def status(self) -> Status:
        """Where it stands."""
        ...

    @property
    def list_id(self) -> UUID:
        """The list that it is from."""
        ...

    @property
    def camera_id(self) -> str:
        """The camera that read it."""
        ...


@attrs.frozen(kw_only=True)
class BoardFilter:
    """What is asked of the board, as it stands in the address: never a plate."""

    show: Show = Show.ALL
    list_id: UUID | None = None
    camera: str | None = None

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> "BoardFilter":
        """Read an address; what it does not understand filters nothing."""
        try:
            list_id = UUID(query["list"]) if query.get("list") else None
        except ValueError:
            list_id = None
        camera = query.get("camera", "")
        shown = query.get("show", "")
        return cls(
            show=Show(shown) if shown in list(Show) else Show.ALL,
            list_id=list_id,
            camera=camera if is_camera_id(camera) else None,
        )

    @property
    def query(self) -> str:
        """The part of an address that asks for the same again; may be empty."""
        asked = {
            "show": "" if self.show is Show.ALL else self.show.value,
            "list": str(self.list_id or ""),
            "camera": self.camera or "",
        }
        text = urlencode({name: value for name, value in asked.items() if value})
        return f"?{text}" if text else ""

    def lets_through(self, alert: Listed) -> bool:
        """Whether an alert is shown."""
        return (
            (self.show is Show.ALL or alert.status.value == self.show.value)
            and self.list_id in {None, alert.list_id}
            and self.camera in {None, alert.camera_id}
        )


@attrs.frozen(kw_only=True, repr=False)
class Cell:
    """One place of the plate: what was read there, what is listed, how sure.

    Attributes:
        percent: probability that `read` is right, whole per cent, cut.
    """

    read: str
    listed: str
    percent: int
    unsure: bool

    @property
    def differs(self) -> bool:
        """Whether the glyphs are not the same; they fold to one key all the same."""
        return self.read != self.listed


def cells(read: str, listed: str, characters: tuple[float, ...]) -> list[Cell]:
    """Two plates, character under character; both fold to one key: equally long."""
    return [
        Cell(
            read=one, listed=other, percent=int(sure * 100), unsure=sure < UNSURE_BELOW
        )
        for one, other, sure in zip(read, listed, characters, strict=True)
    ]


@attrs.frozen(kw_only=True)
class CameraMark:
    """How one camera is: a word for each trouble.

    Attributes:
        last_at: when its box last brought reads; None: never.
        silent_since: when there was word from its box last, if it should have come since.
        blind_since: since when it gives no picture, if it gives none.
        unwatched: its box runs, and was not told where its pictures are.
        quiet: nothing came for too long, and its box does not say how it does.
    """

    camera_id: str
    name: str
    last_at: datetime | None
    silent_since: datetime | None
    blind_since: datetime | None
    unwatched: bool
    sees: bool
    quiet: bool
    clock_off_s: int

    @property
    def waiting(self) -> bool:
        """Whether nothing was ever heard of it, and nothing is wrong: it is new."""
        return self.heard and self.last_at is None and not self.sees

    @property
    def heard(self) -> bool:
        """Whether all is as it should be, but for its clock."""
        return not (
            self.silent_since or self.blind_since or self.unwatched or self.quiet
        )


@attrs.frozen(kw_only=True)
class ListMark:
    """How old one list is.

    Attributes:
        silent: whether it is so old that the rules let it alert nobody.
    """

    name: str
    loaded_at: datetime
    entries: int
    old: bool
    silent: bool


def camera_marks(board: Board) -> list[CameraMark]:
    """Cameras, those in trouble first."""
    at, marks = board.at, []
    for camera in board.cameras:
        name, last = camera.camera_id, camera.heard_at
        said = board.standings.get(name, CameraStanding(camera_id=name))
        reports = said.heard.reported_at is not None
        offset_s = camera.clock_offset_s or 0
        marks.append(
            CameraMark(
                camera_id=name,
                name=camera.name,
                last_at=last,
                silent_since=(
                    said.heard.at if reports and said.heard.silent(at) else None
                ),
                blind_since=said.since if said.blind(at) else None,
                unwatched=said.unwatched and said.blind(at),
                sees=said.sees(at),
                quiet=(not reports and last is not None and at - last > CAMERA_QUIET),
                clock_off_s=offset_s if abs(offset_s) >= CLOCK_OFF_S else 0,
            )
        )
    return sorted(marks, key=lambda mark: mark.heard and not mark.clock_off_s)


def list_is_old(loaded_at: datetime, at: datetime) -> bool:
    """Whether a list of that age may still name cars that were found meanwhile."""
    return at - loaded_at > LIST_OLD


def list_marks(board: Board) -> list[ListMark]:
    """Lists with their age, the old ones first."""
    marks = []
    for each in board.lists:
        fresh = freshness(
            ListClass(each.list_class),
            each.loaded_at,
            term=board.list_term,
            at=board.at,
        )
        silent = fresh is Freshness.STALE
        marks.append(
            ListMark(
                name=each.name,
                loaded_at=each.loaded_at,
                entries=each.entries,
                old=silent or list_is_old(each.loaded_at, board.at),
                silent=silent,
            )
        )
    return sorted(marks, key=lambda mark: not mark.old)


def board_context(
    board: Board, asked: BoardFilter, *, down_since: datetime | None = None
) -> dict[str, object]:
    """What the templates of the board need."""
    shown = [alert for alert in board.alerts if asked.lets_through(alert)]
    waiting = [alert for alert in board.alerts if alert.waiting]
    return {
        "board": board,
        "asked": asked,
        "show": Show,
        "shown": shown,
        "waiting": waiting,
        "hidden_waiting": sum(not asked.lets_through(alert) for alert in waiting),
        "cameras": camera_marks(board),
        "lists": list_marks(board),
        "rejections": REJECTIONS,
        "outcomes": OUTCOMES,
        "cells": cells,
        "down_since": down_since,
    }
