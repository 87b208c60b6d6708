"""What breaks an export off gives out nothing, is in the log, and leaves no file."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import attrs
import psycopg
import pytest
from tests.server.actions.test_export_case import (
    ANSWERED,
    ASKED,
    an_order,
    export,
    files_in,
    held,
    made,
)
from tests.server.actions.test_holds import CASE, INES
from tests.support.agency import NOON, SettableClock
from tests.support.postgres import TestAgency
from tests.support.sightings import log_kinds
from tests.support.tables import Tables
from typing_extensions import override

from charteroak.core import package as packages
from charteroak.core.export import Exported, NothingExported, WhyNothing
from charteroak.core.search_answer import Forbidden
from charteroak.law import loader
from charteroak.server.actions import export_case as exporting
from charteroak.server.actions.end_hold import HoldEnded, end_hold
from charteroak.server.agency import Agency
from charteroak.server.law_in_force import adopt
from charteroak.server.settings import Settings
from charteroak.server.store import packing
from charteroak.server.store.database import Changes, Database
from charteroak.server.store.roles import Role as DatabaseRole
from charteroak.server.vault.pictures import Pictures, PicturesUnavailableError


def test_a_hold_that_ended_before_the_click_gives_nothing_out(
    agency: Agency, tables: Tables
) -> None:
    (first, _), (second, hold) = held(agency), held(agency, ago=timedelta(hours=2))
    order = an_order(first, second)
    assert isinstance(end_hold(agency, INES, hold, named=CASE), HoldEnded)

    assert export(agency, order) == NothingExported(why=WhyNothing.HOLD_ENDED)

    assert tables.public_entries(ANSWERED)[-1]["reads"] == 0


class Watched(Pictures):
    """Pictures before each of which something happens; else what they are."""

    def __init__(self, agency: Agency, *, then: Callable[[], object]) -> None:
        folder = agency.settings.data / "pictures"
        super().__init__(folder, keys=agency.keys, entropy=agency.entropy)
        self._then = then

    @override
    def fetch(self, ref: str) -> bytes:
        self._then()
        return super().fetch(ref)


def test_a_hold_that_ends_while_it_is_made_gives_nothing_out(
    agency: Agency, tables: Tables
) -> None:
    read, hold = held(agency)

    def ending() -> object:
        return end_hold(agency, INES, hold, named=CASE)

    slow = attrs.evolve(agency, pictures=Watched(agency, then=ending))

    answer = export(slow, an_order(read))

    assert answer == NothingExported(why=WhyNothing.HOLD_ENDED)
    assert log_kinds(agency)[-3:] == [ASKED, "hold.ended", ANSWERED]
    assert tables.public_entries(ANSWERED)[-1]["why"] == "hold_ended"


def test_a_hold_whose_day_comes_while_it_is_made_gives_nothing_out(
    agency: Agency, agency_clock: SettableClock
) -> None:
    read, _ = held(agency)

    def later() -> None:
        agency_clock.advance(timedelta(days=90))

    slow = attrs.evolve(agency, pictures=Watched(agency, then=later))

    assert export(slow, an_order(read)) == NothingExported(why=WhyNothing.HOLD_ENDED)


NO_EXPORT = """
@id("OWN-no-export")
@statute("Town policy 8")
@plain("Nothing is exported here.")
@confidence("high")
@review("no lawyer yet")
@change("")
forbid (principal, action == Action::"export", resource);
"""


def test_rules_that_come_into_force_while_it_is_made_give_nothing_out(
    agency: Agency, tables: Tables, tmp_path: Path
) -> None:
    read, _ = held(agency)
    policy = tmp_path / "town.cedar"
    shipped = Path(loader.__file__).parent / "policies" / "published_prohibitions.cedar"
    policy.write_text(shipped.read_text() + NO_EXPORT)
    settings = Settings.model_validate(
        {**agency.settings.model_dump(exclude_unset=True), "policy": str(policy)}
    )
    adopted = adopt(settings, on=NOON.date())

    def adopting() -> None:
        agency.law.adopted = adopted

    slow = attrs.evolve(agency, pictures=Watched(agency, then=adopting))

    answer = export(slow, an_order(read))

    assert isinstance(answer, Forbidden)
    assert [each.rule_id for each in answer.because] == ["OWN-no-export"]
    assert log_kinds(agency)[-2:] == [ASKED, ANSWERED]
    refused = tables.public_entries(ASKED)[-1]
    assert refused["policy"] == adopted.rules.fingerprint
    assert tables.public_entries(ANSWERED)[-1] == {
        "asked": int(answer.recorded) - 1,
        "reads": 0,
        "refused": int(answer.recorded),
    }
    with agency.database.changes() as tx:
        kept = tx.connection.execute("SELECT count(*) FROM exports").fetchone()
    assert kept == (0,)


def pieces(agency: Agency) -> list[Path]:
    folder = agency.settings.data / "pictures"
    return [
        path
        for place in folder.iterdir()
        if place.name.startswith("h")
        for path in place.iterdir()
    ]


def test_a_picture_that_was_damaged_is_told_in_its_place(
    agency: Agency, tables: Tables
) -> None:
    read, _ = held(agency)
    for piece in pieces(agency):
        content = bytearray(piece.read_bytes())
        content[-1] ^= 1
        piece.write_bytes(content)

    files = files_in(made(agency, an_order(read)))

    assert "was damaged and could not be opened" in files["index.html"].decode()
    assert not any(name.startswith("pictures/") for name in files)
    assert tables.public_entries(ANSWERED)[-1]["pictures_missing"] == 2


def test_pictures_that_cannot_be_read_now_give_nothing_out(
    agency: Agency, tables: Tables
) -> None:
    read, _ = held(agency)

    def away() -> None:
        raise PicturesUnavailableError("the disk is away")

    broken = attrs.evolve(agency, pictures=Watched(agency, then=away))

    with pytest.raises(PicturesUnavailableError):
        export(broken, an_order(read))

    assert log_kinds(agency)[-1] == ASKED
    assert isinstance(export(agency, an_order(read)), Exported)
    assert len(tables.public_entries(ANSWERED)) == 1


def test_more_than_fits_is_refused_plainly_and_leaves_nothing(
    agency: Agency, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, _ = held(agency)
    for module in [packages, exporting]:
        monkeypatch.setattr(module, "LARGEST_BYTES", 100)

    assert export(agency, an_order(read)) == NothingExported(why=WhyNothing.TOO_LARGE)
    assert tables.public_entries(ANSWERED)[-1] == {
        "asked": tables.public_entries(ANSWERED)[-1]["asked"],
        "reads": 0,
        "why": "too_large",
    }


def test_no_file_of_it_stays_on_the_server(agency: Agency) -> None:
    read, _ = held(agency)
    before = sorted(agency.settings.data.rglob("*"))

    made(agency, an_order(read))

    assert sorted(agency.settings.data.rglob("*")) == before


def test_an_answer_that_cannot_be_recorded_is_not_given(
    agency: Agency, tables: Tables
) -> None:
    read, _ = held(agency)
    tables.change(f"ALTER TABLE log ADD CHECK (kind <> '{ANSWERED}') NOT VALID")

    with pytest.raises(psycopg.errors.CheckViolation):
        export(agency, an_order(read))

    assert log_kinds(agency)[-1] == ASKED


def test_whoever_comes_while_a_package_is_made_waits_for_no_second_connection(
    agency: Agency, agency_schema: TestAgency
) -> None:
    read, _hold = held(agency)
    dsns = {role.value: agency_schema.dsn(role) for role in DatabaseRole}
    with psycopg.connect(dsns["desk"]) as elsewhere:
        assert packing.take(Changes(elsewhere))
        one = Database(dsns, schema=agency.database.schema, most=1)
        one.open()
        try:
            answer = export(attrs.evolve(agency, database=one), an_order(read))
        finally:
            one.close()

    assert answer == NothingExported(why=WhyNothing.BUSY)
