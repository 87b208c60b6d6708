"""Holds of a period in a backup: they come back with their keys, and without them end."""

import shutil
from datetime import timedelta

import attrs
import pytest
from tests.attack.a_site import CAMERA, a_marker, rigged
from tests.attack.test_held_spans_gone import CASE, asked
from tests.attack.test_purge import INES, SAM, jpeg

from charteroak.bench.byte_search import copies_below
from charteroak.core.hold import NoSuchHold
from charteroak.core.hold_span import HoldSpan
from charteroak.core.plate import PlateText
from charteroak.server.actions.approve_hold import SpanBegun, approve_hold
from charteroak.server.actions.back_up import back_up
from charteroak.server.actions.search_held import HeldFound, search_held
from charteroak.server.actions.see_case import CaseSeen, see_case
from charteroak.server.actions.see_hold_document import (
    DocumentGone,
    HoldDocument,
    see_hold_document,
)
from charteroak.server.bootstrap import open_site
from charteroak.server.restoring import restore
from charteroak.server.settings import Settings

pytestmark = pytest.mark.slow

KEEP = timedelta(days=3)
DAY = timedelta(days=1)


def test_a_period_and_its_paper_come_back_with_their_keys_and_only_with_them() -> None:
    held, paper = a_marker(), a_marker()
    document = b"%PDF-1.7 " + paper.encode()
    with rigged(KEEP) as rig:
        for _ in range(3):
            rig.see(held, picture=jpeg(77))
        rig.deliver()
        now = rig.clock()
        since, until = now - timedelta(minutes=1), now + DAY
        span = HoldSpan(since=since, until=until, cameras=frozenset({CAMERA}))
        kept = asked(rig, span, document=document)
        waits = asked(
            rig, HoldSpan(since=since, until=until, plates=(PlateText(held),))
        )
        assert isinstance(approve_hold(rig.agency, SAM, kept), SpanBegun)
        back_up(rig.agency, rig.site.admin, rig.folder / "backup", release="test")
        for marker in (held, paper):
            assert not list(copies_below(rig.folder / "backup", marker))
        rig.clock.advance(KEEP + DAY)

        settings = Settings(data=rig.folder / "new", agency="attacked", keep=KEEP)
        shutil.copytree(rig.data / "keys", settings.data / "keys")
        restore(settings, rig.folder / "backup", clock=rig.clock)
        with open_site(settings, clock=rig.clock) as site:
            again = attrs.evolve(rig, site=site).agency
            opened = see_hold_document(again, SAM, kept)
            assert isinstance(opened, HoldDocument)
            assert opened.content == document
            looked = search_held(
                again, INES, kept, pattern=None, note="robbery of the pharmacy"
            )
            assert not isinstance(looked, NoSuchHold)
            found = looked.open(again.covered)
            assert isinstance(found, HeldFound)
            assert [each.jpeg for each in found.sightings] == [jpeg(77)] * 3
            case = see_case(again, SAM, CASE)
            assert isinstance(case, CaseSeen)
            plates = {line.hold.hold_id: line.span for line in case.lines}[waits]
            assert plates is not None
            assert plates.plates == (PlateText(held),)

        ashes = Settings(data=rig.folder / "ashes", agency="attacked", keep=KEEP)
        shutil.copytree(rig.data / "keys", ashes.data / "keys")
        for key in (ashes.data / "keys" / "holds").iterdir():
            key.unlink()
        restored = restore(ashes, rig.folder / "backup", clock=rig.clock)
        assert restored.holds_ended == 2
        assert not list(copies_below(ashes.data, held))
        with open_site(ashes, clock=rig.clock) as site:
            assert see_hold_document(site.agency, SAM, kept) == DocumentGone()
