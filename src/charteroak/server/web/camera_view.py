"""What the page Cameras says of each camera: a word and a shape for how it does."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import attrs

from charteroak.core.box_report import WhyNoPicture
from charteroak.server.actions.see_cameras import CameraShown, CameraState
from charteroak.server.web.map_view import MapView, Spot, draw_map
from charteroak.server.web.text import Words, later

WORDS: Final = {
    CameraState.WORKING: later("working"),
    CameraState.QUIET_STREET: later("quiet street"),
    CameraState.NO_PICTURE: later("no picture"),
    CameraState.NO_WORD: later("no word from its box"),
    CameraState.CLOCK_OFF: later("clock wrong"),
    CameraState.QUIET: later("reads nothing"),
    CameraState.NEVER_READ: later("never read"),
    CameraState.NO_BOX: later("no box"),
    CameraState.RETIRED: later("retired"),
}
"""States as pages name them, in the order of the filter."""

SHAPES: Final = {
    CameraState.WORKING: "good",
    CameraState.QUIET_STREET: "good",
    CameraState.NO_PICTURE: "attention",
    CameraState.NO_WORD: "attention",
    CameraState.CLOCK_OFF: "attention",
    CameraState.QUIET: "attention",
    CameraState.NEVER_READ: "waiting",
    CameraState.NO_BOX: "attention",
    CameraState.RETIRED: "off",
}


WHY_NO_PICTURE: Final = {
    WhyNoPicture.BREAKS_OFF: later("the connection breaks off"),
    WhyNoPicture.DENIED: later("it does not accept the box's name or password"),
    WhyNoPicture.ENDED: later("its stream ended"),
    WhyNoPicture.NOT_ALLOWED: later("the box may not read it now; its log says why"),
    WhyNoPicture.NOT_THERE: later("nothing is at its address"),
    WhyNoPicture.OTHER: later("the box's log says why"),
    WhyNoPicture.SILENT: later("it does not answer"),
    WhyNoPicture.STARTING: later("the box has just started"),
    WhyNoPicture.UNREACHABLE: later("the box cannot reach it"),
    WhyNoPicture.UNREADABLE: later("what it sends is no picture the box can read"),
}
"""What keeps a camera from giving pictures, in words for its administrator."""


@attrs.frozen(kw_only=True)
class Filter:
    """What the page shows, as it stands in the address.

    Attributes:
        state: None: cameras in every state.
        counts: how many cameras are in each state that any is in.
    """

    state: CameraState | None
    counts: tuple[tuple[CameraState, int], ...]


def filtered(
    cameras: Sequence[CameraShown], asked: str
) -> tuple[Filter, tuple[CameraShown, ...]]:
    """The cameras that an address asks for; one that it does not know asks for all."""
    state = CameraState(asked) if asked in list(CameraState) else None
    counts = Counter(each.state for each in cameras)
    return (
        Filter(
            state=state,
            counts=tuple((each, counts[each]) for each in WORDS if counts[each]),
        ),
        tuple(each for each in cameras if state in {None, each.state}),
    )


def cameras_map(
    cameras: Sequence[CameraShown], *, thanks: str | None, words: Words
) -> MapView:
    """Where cameras stand and how they do; each pin leads to its line of the table."""
    return draw_map(
        [
            Spot(
                camera=each.camera,
                kind=SHAPES[each.state],
                says=words.gettext(WORDS[each.state]),
                leads=f"at-{each.camera.camera_id}",
            )
            for each in cameras
        ],
        thanks=thanks,
        width=720,
    )
