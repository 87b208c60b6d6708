"""Promise 2, for what holds keep: after the end it is in no byte of any file.

Reads of a period, the plates that it names, and the document of a court.
"""

from datetime import timedelta

import pytest
from tests.attack.a_site import CAMERA, Rig, a_marker, rigged
from tests.attack.test_purge import INES, SAM, in_wal, jpeg

from charteroak.core.hold import HoldId
from charteroak.core.hold_ground import HoldPaper, parse_document
from charteroak.core.hold_span import HoldSpan
from charteroak.core.papers import Issuer, Paper
from charteroak.core.plate import PlateText
from charteroak.core.search import Purpose
from charteroak.server.actions.approve_hold import SpanBegun, approve_hold
from charteroak.server.actions.end_case import CaseEnded, end_case
from charteroak.server.actions.request_hold import HoldRequested, request_span
from charteroak.server.actions.search_held import HeldFound, search_held
from charteroak.server.actions.see_hold_document import HoldDocument, see_hold_document

pytestmark = pytest.mark.slow

KEEP = timedelta(minutes=3)
CASE = "26-1234"


def asked(rig: Rig, span: HoldSpan, *, document: bytes | None = None) -> HoldId:
    paper = None
    if document is not None:
        paper = HoldPaper(
            title=Paper.ORDER,
            issuer=Issuer.JUDGE,
            issued_by="Superior Court, Judge R. Alvarez",
            number="HHD-CR26-0099",
            dated=rig.clock().date(),
        )
    answer = request_span(
        rig.agency,
        INES,
        span,
        case_ref=CASE,
        purpose=Purpose("robbery"),
        reason="everything of the Green at noon",
        keep=timedelta(days=30),
        paper=paper,
        document=None if document is None else parse_document(document),
    )
    assert isinstance(answer, HoldRequested), answer
    return answer.hold_id


def test_what_holds_kept_is_gone_from_every_byte_when_their_case_ends() -> None:
    held, named, other, late, paper = (a_marker() for _ in range(5))
    picture = jpeg(77)
    document = b"%PDF-1.7 " + paper.encode()
    with rigged(KEEP) as rig:
        for marker in (held, named, other):
            rig.see(marker, picture=picture)
        rig.deliver()
        now = rig.clock()
        since, until = now - timedelta(minutes=1), now + timedelta(days=1)
        camera = asked(
            rig,
            HoldSpan(since=since, until=until, cameras=frozenset({CAMERA})),
            document=document,
        )
        plates = asked(
            rig, HoldSpan(since=since, until=until, plates=(PlateText(named),))
        )
        for hold in (camera, plates):
            assert isinstance(approve_hold(rig.agency, SAM, hold), SpanBegun)
        rig.clock.advance(timedelta(minutes=1))
        rig.see(late, picture=picture)
        rig.deliver()
        rig.clock.advance(timedelta(minutes=1))
        rig.work()
        rig.clock.advance(KEEP)
        rig.work()

        assert rig.rows("SELECT count(*) FROM reads") == [(0,)]
        assert rig.rows("SELECT count(*) FROM held_reads") == [(5,)]
        for marker in (held, named, other, late):
            # While it is held its page may be in the journal too: whoever reads it
            # first after a checkpoint sets a hint in it.
            paths = [path for path in rig.found(marker) if not in_wal([path])]
            assert paths == [rig.file_of("held_reads")]
        # The paper and the pictures are nowhere in the clear.
        assert rig.found(paper) == rig.found(picture) == []
        opened = see_hold_document(rig.agency, SAM, camera)
        assert isinstance(opened, HoldDocument)
        assert opened.content == document
        found = search_held(
            rig.agency, INES, plates, pattern=None, note="robbery of the pharmacy"
        ).open(rig.agency.covered)  # type: ignore[union-attr]
        assert isinstance(found, HeldFound)
        assert [each.jpeg for each in found.sightings] == [picture]

        assert end_case(rig.agency, SAM, CASE, named=CASE) == CaseEnded(
            case_ref=CASE, holds=2
        )
        rig.clock.advance(timedelta(minutes=5))
        with rig.admin() as bystander:
            # An old snapshot: it would keep VACUUM FULL and CLUSTER from forgetting.
            bystander.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            bystander.execute("SELECT count(*) FROM cameras")
            rig.work()

        for marker in (held, named, other, late, paper):
            assert rig.found(marker) == []
        assert rig.agency.keys.holds() == rig.agency.pictures.holds() == []
        assert not list((rig.data / "pictures").iterdir())
