"""Exports: decided and recorded before the look, given out whole or not at all."""

import hashlib
import io
import json
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path

import attrs
import psycopg
import pytest
from tests.server.actions.test_holds import CASE, INES, SAM, a_hit, asked_for
from tests.support.postgres import TestAgency
from tests.support.sightings import a_read, log_kinds, person, taken
from tests.support.tables import Tables

from charteroak.core.export import (
    NOT_THEIR_CASE,
    Exported,
    NothingExported,
    Order,
    Recipient,
)
from charteroak.core.hold import HoldId, NotAllowed
from charteroak.core.hold_span import HoldSpan
from charteroak.core.people import Person, Role
from charteroak.core.read import Read, ReadId
from charteroak.core.search import Purpose
from charteroak.core.search_answer import Forbidden
from charteroak.server.actions.approve_hold import (
    HoldKept,
    SpanBegun,
    approve_hold,
)
from charteroak.server.actions.end_hold import HoldEnded, end_hold
from charteroak.server.actions.export_case import export_case
from charteroak.server.actions.open_record import RecordOpened, open_record
from charteroak.server.actions.request_hold import HoldRequested, request_span
from charteroak.server.actions.see_export import (
    ExportOffer,
    explain_export,
    see_export,
)
from charteroak.server.agency import Agency
from charteroak.server.store import audit

ASKED, ANSWERED = "export.asked", "export.answered"


def held(agency: Agency, *, ago: timedelta = timedelta(hours=1)) -> tuple[Read, HoldId]:
    read = a_hit(agency, ago=ago)
    hold = asked_for(agency, read)
    assert isinstance(approve_hold(agency, SAM, hold), HoldKept)
    return read, hold


def an_order(*reads: Read) -> Order:
    return Order(
        case_ref=CASE,
        purpose=Purpose("robbery"),
        recipient=Recipient.PROSECUTOR,
        name="State's Attorney, Hartford",
        note="Trial, count 2 of the robbery",
        reads=frozenset(read.read_id for read in reads),
    )


def export(
    agency: Agency, order: Order, who: Person = INES
) -> Exported | Forbidden | NothingExported:
    return export_case(agency, who, order).open(agency.covered)


def refused(agency: Agency, order: Order, who: Person = INES) -> list[str]:
    judged = [rule.rule_id for rule in explain_export(agency, who, order).against]
    answer = export(agency, order, who)
    assert isinstance(answer, Forbidden)
    assert all(rule.statute and rule.plain for rule in answer.because)
    named = [rule.rule_id for rule in answer.because]
    assert named == judged, "what was said before the click is not what happened"
    assert log_kinds(agency)[-1] == ASKED
    return named


def made(agency: Agency, order: Order, who: Person = INES) -> Exported:
    answer = export(agency, order, who)
    assert isinstance(answer, Exported)
    return answer


def files_in(exported: Exported) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(exported.content)) as archive:
        assert archive.testzip() is None
        return {
            name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()
        }


def test_what_is_held_goes_to_court_whole(agency: Agency, tables: Tables) -> None:
    first, _ = held(agency, ago=timedelta(hours=2))
    second, _ = held(agency)
    order = an_order(first, second)
    assert explain_export(agency, INES, order).against == ()

    exported = made(agency, order)

    files = files_in(exported)
    reads = json.loads(files["reads.json"])
    assert [each["read_id"] for each in reads] == [
        str(first.read_id),
        str(second.read_id),
    ]
    assert reads[0]["plate"] == first.plate.glyphs
    assert reads[0]["characters"] == list(first.characters)
    assert files["pictures/0001-plate.jpg"] == b"plate"
    assert files["pictures/0002-vehicle.jpg"] == b"vehicle"
    page = files["index.html"].decode()
    for words in [CASE, "Prosecutor: State&#x27;s Attorney, Hartford", INES.name]:
        assert words in page
    assert "approved by" in page
    assert exported.file_name == f"export-{exported.asked}.zip"
    assert log_kinds(agency)[-2:] == [ASKED, ANSWERED]
    (asked,) = tables.public_entries(ASKED)
    assert asked["decision"] == "permitted"
    assert asked["rules"] == ["CO-export-held"]
    (answered,) = tables.public_entries(ANSWERED)
    assert answered == {
        "asked": int(exported.asked),
        "reads": 2,
        "pictures": 4,
        "pictures_missing": 0,
        "bytes": len(exported.content),
        "sha256": hashlib.sha256(exported.content).hexdigest(),
    }


def test_it_verifies_with_openssl_by_the_key_that_the_agency_shows(
    agency: Agency, tmp_path: Path
) -> None:
    files = files_in(made(agency, an_order(held(agency)[0])))
    for name in ["SHA256SUMS", "SHA256SUMS.sig"]:
        (tmp_path / name).write_bytes(files[name])
    (tmp_path / "shown.pem").write_text(agency.keys.public_pem)

    done = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "shown.pem",
         "-in", "SHA256SUMS", "-sigfile", "SHA256SUMS.sig"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert "Signature Verified Successfully" in done.stdout
    assert files["agency.pem"].decode() == agency.keys.public_pem


def test_the_entry_in_the_package_is_the_log_s_own_and_replays(agency: Agency) -> None:
    exported = made(agency, an_order(held(agency)[0]))
    files = files_in(exported)

    with agency.database.audits() as tx:
        stored = audit.one(tx, exported.asked)
    assert stored is not None
    assert files["log-entry.json"] == stored.record.entry
    committed = set(json.loads(files["log-entry.json"])["committed"].values())
    lines = files["log-entry-proofs.jsonl"].splitlines()
    assert {hashlib.sha256(line).hexdigest() for line in lines} == committed
    opened = open_record(agency, person(Role.AUDITOR), exported.asked)
    assert isinstance(opened, RecordOpened)
    assert opened.replay is not None
    assert opened.replay.agrees


def test_what_was_given_out_stands_with_its_case_and_stays_so(
    agency: Agency, agency_schema: TestAgency
) -> None:
    read, hold = held(agency)
    exported = made(agency, an_order(read))
    end_hold(agency, INES, hold, named=CASE)
    export(agency, an_order(read))

    offer = see_export(agency, SAM, CASE)

    assert isinstance(offer, ExportOffer)
    assert offer.lines == ()
    (before,) = offer.made
    assert before.record_id == exported.asked
    assert before.sha256 == exported.sha256
    assert before.name == "State's Attorney, Hartford"
    for attack in ["UPDATE exports SET name = ''", "DELETE FROM exports"]:
        with (
            psycopg.connect(agency_schema.dsn("desk")) as desk,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            desk.execute(attack.encode())


def test_asked_again_it_is_another_package_of_the_same_reads(agency: Agency) -> None:
    order = an_order(held(agency)[0])

    first, again = made(agency, order), made(agency, order)

    assert first.asked != again.asked
    assert files_in(first)["reads.json"] == files_in(again)["reads.json"]
    assert log_kinds(agency)[-4:] == [ASKED, ANSWERED, ASKED, ANSWERED]


def test_a_read_that_is_not_approved_is_not_held_and_does_not_leave(
    agency: Agency,
) -> None:
    read = a_hit(agency)
    asked_for(agency, read)

    assert refused(agency, an_order(read)) == ["CO-export-not-held"]
    offer = see_export(agency, INES, CASE)
    assert isinstance(offer, ExportOffer)
    assert offer.lines == ()


def test_what_is_held_for_another_case_does_not_leave_under_this_one(
    agency: Agency,
) -> None:
    read, _ = held(agency)

    other = attrs.evolve(an_order(read), case_ref="26-9999")

    assert refused(agency, other) == ["CO-export-not-held"]


def a_span_held(agency: Agency) -> list[Read]:
    """Two cars on one camera, kept for the case as a period, and looked into by nobody."""
    reads = [
        taken(agency, a_read(agency, plate), pictures=[b"plate", b"vehicle"])
        for plate in ["SP4N001", "SP4N002"]
    ]
    now = agency.clock()
    asked = request_span(
        agency,
        INES,
        HoldSpan(
            since=now - timedelta(hours=3),
            until=now,
            cameras=frozenset({reads[0].camera}),
        ),
        case_ref=CASE,
        purpose=Purpose("robbery"),
        reason="everything of the camera by the pump",
        keep=timedelta(days=90),
    )
    assert isinstance(asked, HoldRequested)
    assert isinstance(approve_hold(agency, SAM, asked.hold_id), SpanBegun)
    return reads


def test_of_a_period_that_is_kept_only_what_was_looked_into_is_exported(
    agency: Agency,
) -> None:
    wanted, other = a_span_held(agency)
    offer = see_export(agency, INES, CASE)
    assert isinstance(offer, ExportOffer)
    assert offer.lines == (), "the page laid a span open"
    named = see_export(agency, INES, CASE, reads=[wanted.read_id])
    assert isinstance(named, ExportOffer)
    assert [line.read.read_id for line in named.lines] == [wanted.read_id]

    files = files_in(made(agency, an_order(wanted)))

    assert wanted.plate.glyphs in files["index.html"].decode()
    assert not any(other.plate.glyphs.encode() in each for each in files.values())
    assert files["pictures/0001-plate.jpg"] == b"plate"


def test_a_read_that_is_held_twice_is_exported_once(agency: Agency) -> None:
    read, hold = held(agency)
    a_span_held(agency)

    files = files_in(made(agency, an_order(read)))

    assert len(json.loads(files["reads.json"])) == 1
    assert isinstance(end_hold(agency, INES, hold, named=CASE), HoldEnded)
    assert len(json.loads(files_in(made(agency, an_order(read)))["reads.json"])) == 1


def test_an_export_names_its_case(agency: Agency) -> None:
    order = attrs.evolve(an_order(held(agency)[0]), case_ref="")

    assert "CO-export-case" in refused(agency, order)


def test_a_banned_purpose_does_not_become_allowed_by_the_hold_s(
    agency: Agency, tables: Tables
) -> None:
    order = attrs.evolve(an_order(held(agency)[0]), purpose=Purpose("immigration"))

    (rule,) = refused(agency, order)

    assert rule.startswith("CT-")
    assert tables.public_entries(ASKED)[-1]["decision"] == "refused"


def test_what_was_held_for_a_banned_purpose_does_not_leave_under_another(
    agency: Agency, tables: Tables
) -> None:
    (good, _), (bad, _) = held(agency), held(agency, ago=timedelta(hours=2))
    # As after a change of the law: it was allowed when it was held.
    tables.change(
        "UPDATE holds SET purpose = 'immigration'"
        " WHERE seen_at = (SELECT min(seen_at) FROM holds)"
    )

    (rule,) = refused(agency, an_order(good, bad))

    assert rule.startswith("CT-")
    offer = see_export(agency, INES, CASE)
    assert isinstance(offer, ExportOffer)
    assert [line.read.read_id for line in offer.lines] == [good.read_id]
    assert isinstance(export(agency, an_order(good)), Exported)


@pytest.mark.parametrize(
    "changed",
    [{"name": "ICE field office"}, {"note": "for ICE, removal of the driver"}],
)
def test_what_is_written_counts_beside_what_is_chosen(
    agency: Agency, tables: Tables, changed: dict[str, str]
) -> None:
    order = an_order(held(agency)[0])
    order = attrs.evolve(
        order,
        name=changed.get("name", order.name),
        note=changed.get("note", order.note),
    )

    assert refused(agency, order)[-1] == "CO-note-immigration-agency"
    assert tables.count("flags") == 1


def test_a_doubt_is_the_supervisor_s_to_decide(agency: Agency) -> None:
    order = attrs.evolve(an_order(held(agency)[0]), note="robbery during the rally")

    assert refused(agency, order)
    assert isinstance(export(agency, order, SAM), Exported)


def test_a_colleague_s_case_is_exported_by_them_or_by_a_supervisor(
    agency: Agency, tables: Tables
) -> None:
    order = an_order(held(agency)[0])
    other = person(Role.INVESTIGATOR)

    assert refused(agency, order, other) == [NOT_THEIR_CASE.rule_id]
    assert tables.public_entries(ASKED)[-1]["beside"] == [NOT_THEIR_CASE.rule_id]
    assert isinstance(export(agency, order, SAM), Exported)


@pytest.mark.parametrize(
    "role", sorted(set(Role) - {Role.INVESTIGATOR, Role.SUPERVISOR})
)
def test_nobody_else_exports_and_each_try_is_recorded(
    agency: Agency, role: Role
) -> None:
    order = an_order(held(agency)[0])

    assert "CO-export-by-investigator" in refused(agency, order, person(role))
    assert see_export(agency, person(role), CASE) == NotAllowed()
    assert log_kinds(agency)[-1] == "case.seen"


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR, Role.LIST_CLERK])
def test_a_second_role_does_not_undo_the_separation_of_duties(
    agency: Agency, role: Role
) -> None:
    order = an_order(held(agency)[0])

    assert refused(agency, order, person(Role.SUPERVISOR, role))


def test_what_would_be_in_it_is_seen_on_the_record(agency: Agency) -> None:
    read, hold = held(agency)

    offer = see_export(agency, INES, CASE)

    assert isinstance(offer, ExportOffer)
    (line,) = offer.lines
    assert line.read.read_id == read.read_id
    assert line.read.plate == read.plate
    assert line.hold.hold_id == hold
    assert line.pictured
    assert log_kinds(agency)[-1] == "case.seen"


def test_no_plate_and_no_name_is_in_what_anybody_may_read(
    agency: Agency, tables: Tables
) -> None:
    read, _ = held(agency)
    made(agency, an_order(read))

    public = repr(tables.public_entries(ASKED) + tables.public_entries(ANSWERED))

    assert read.plate.glyphs not in public
    assert "Hartford" not in public
    assert CASE not in public
    assert str(ReadId(read.read_id)) not in public


def test_a_table_that_disagrees_with_the_rules_lets_nothing_out(
    agency: Agency,
) -> None:
    read, _ = held(agency)

    unsure = attrs.evolve(agency, tables=lambda _book, _custodian, _act: ())

    assert refused(unsure, an_order(read)) == ["CO-table-disagrees"]
