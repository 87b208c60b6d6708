"""Lists, alerts and cameras are decided by every rule in force, not by the statute alone."""

from datetime import timedelta
from pathlib import Path

import attrs
import pytest
from tests.support.agency import SettableClock
from tests.support.box import (
    CAMERA,
    FakeBox,
    camera,
    own_entries_approved,
    somebody,
)
from tests.support.own_entries import ROBBERY, a_file
from tests.support.tables import Tables

from charteroak.core.camera import Camera, Location, Place
from charteroak.core.hotlist import ListClass
from charteroak.core.people import Role
from charteroak.core.policy import RuleBook
from charteroak.core.search_answer import Forbidden
from charteroak.law import loader
from charteroak.law.loader import load_terms
from charteroak.server.actions.ask_entries import ask_list
from charteroak.server.actions.load_hotlist import (
    ListFile,
    ListProhibited,
    Loaded,
    load_hotlist,
    rebuild_hot_file,
)
from charteroak.server.actions.place_camera import Placed, place_camera
from charteroak.server.actions.see_hotlists import see_hotlists
from charteroak.server.agency import Agency
from charteroak.server.store import cameras

CLERK = somebody(Role.LIST_CLERK)
ADMIN = somebody(Role.ADMINISTRATOR)
TERM = timedelta(hours=12)
NO_ALERT = """
@id("OWN-no-alert")
@statute("Town policy 7")
@plain("Nobody is told of a person who is wanted, nor of a plate of our own.")
@confidence("high")
@review("no lawyer yet")
@change("")
forbid (principal, action == Action::"receive_alert", resource)
when {
  [ListClass::"local", ListClass::"wanted_person"].contains(context.list_class)
};
"""


def narrowed(agency: Agency, preset: str) -> Agency:
    """The same agency under a preset of its own choosing beside the statute."""
    terms = load_terms(preset, custodian=agency.profile.custodian)
    return attrs.evolve(agency, rules=RuleBook(sets=(*agency.rules.sets, terms.rules)))


def load(agency: Agency, list_class: ListClass, plate: str) -> object:
    file = ListFile(
        name=list_class.value,
        list_class=list_class,
        source="test",
        authority="test order 1",
        content=f"plate,state,reason\n{plate},CT,stolen car\n".encode(),
    )
    return load_hotlist(agency, CLERK, file)


def test_a_class_that_the_statute_allows_and_the_preset_does_not_is_refused(
    agency: Agency, tables: Tables
) -> None:
    assert isinstance(load(agency, ListClass.WANTED_PERSON, "AB12345"), Loaded)
    local = narrowed(agency, "local")

    refused = load(local, ListClass.WANTED_PERSON, "AB12345")

    assert isinstance(refused, ListProhibited)
    assert [rule.statute for rule in refused.because] == [
        "Charter Oak preset local: what it is compared with"
    ]
    (entry,) = tables.public_entries("hotlist.refused")
    assert entry["decision"] == "refused"
    assert entry["list_class"] == "wanted_person"
    assert entry["policy"] == local.rules.fingerprint
    assert isinstance(load(local, ListClass.VEHICLE, "AB12345"), Loaded)


def test_a_class_that_may_alert_nobody_is_refused_as_one_that_may_not_be_loaded(
    agency: Agency, box: FakeBox, tables: Tables, tmp_path: Path
) -> None:
    load(agency, ListClass.WANTED_PERSON, "AB12345")
    shipped = Path(loader.__file__).parent / "policies" / "published_prohibitions.cedar"
    policy = tmp_path / "town.cedar"
    policy.write_text(shipped.read_text() + NO_ALERT)
    town = narrowed(agency, str(policy))

    refused = load(town, ListClass.WANTED_PERSON, "AB12345")

    assert isinstance(refused, ListProhibited)
    assert [rule.rule_id for rule in refused.because] == ["OWN-no-alert"]
    (entry,) = tables.public_entries("hotlist.refused")
    assert (entry["decision"], entry["act"]) == ("refused", "receive_alert")
    assert isinstance(ask_list(town, CLERK, a_file(""), purpose=ROBBERY), Forbidden)
    assert see_hotlists(town).prohibited[ListClass.WANTED_PERSON] == "Town policy 7"
    assert rebuild_hot_file(town) == 0
    attrs.evolve(box, agency=town).send(box.read("AB12345"))
    assert tables.count("alerts") == 0
    assert isinstance(load(town, ListClass.VEHICLE, "AB12345"), Loaded)


def test_in_a_moratorium_no_list_is_loaded_and_after_it_all_match_again(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    load(agency, ListClass.VEHICLE, "AB12345")
    stopped = narrowed(agency, "moratorium")

    for list_class in ListClass:
        refused = load(stopped, list_class, "AB12345")
        assert isinstance(refused, ListProhibited)
        if list_class not in agency.refused_lists:
            assert [rule.rule_id for rule in refused.because] == ["MO-no-alerts"]
    assert isinstance(ask_list(stopped, CLERK, a_file(""), purpose=ROBBERY), Forbidden)
    shown = see_hotlists(stopped)
    assert [each.name for each in shown.lists] == ["vehicle"]
    assert set(shown.prohibited) == set(ListClass)
    assert rebuild_hot_file(stopped) == 0

    assert rebuild_hot_file(agency) == 1
    box.send(box.read("AB12345"))
    assert tables.count("alerts") == 1
    assert isinstance(load(agency, ListClass.VEHICLE, "AB12345"), Loaded)


@pytest.mark.parametrize("rebuilt", [False, True])
def test_a_list_of_before_the_preset_matches_nothing_under_it(
    agency: Agency, box: FakeBox, tables: Tables, *, rebuilt: bool
) -> None:
    load(agency, ListClass.WANTED_PERSON, "AB12345")
    box.send(box.read("AB12345"))
    assert tables.count("alerts") == 1
    local = narrowed(agency, "local")
    if rebuilt:
        assert rebuild_hot_file(local) == 0

    attrs.evolve(box, agency=local).send(box.read("AB12345"))

    assert tables.count("alerts") == 1
    assert ListClass.WANTED_PERSON in see_hotlists(local).prohibited


def test_a_list_that_is_too_old_alerts_nobody_until_it_is_loaded_anew(
    agency: Agency, agency_clock: SettableClock, box: FakeBox, tables: Tables
) -> None:
    assert agency.profile.list_refresh == TERM
    load(agency, ListClass.VEHICLE, "AB12345")
    agency_clock.advance(TERM)
    box.send(box.read("AB12345"))
    assert tables.count("alerts") == 1
    assert [each.stale for each in see_hotlists(agency).lists] == [False]

    agency_clock.advance(timedelta(seconds=1))
    box.send(box.read("AB12345"))

    assert tables.count("alerts") == 1
    (withheld,) = tables.public_entries("alert.withheld")
    assert withheld["rules"] == ["CO-alert-stale"]
    assert withheld["freshness"] == "stale"
    assert [each.stale for each in see_hotlists(agency).lists] == [True]

    load(agency, ListClass.VEHICLE, "AB12345")
    box.send(box.read("AB12345"))
    assert tables.count("alerts") == 2


def test_what_an_agency_enters_itself_does_not_age_by_the_term(
    agency: Agency, agency_clock: SettableClock, box: FakeBox, tables: Tables
) -> None:
    own_entries_approved(
        agency, "plate,state,reason,case\nAB12345,CT,robbery of a shop,26-1\n"
    )

    agency_clock.advance(TERM + timedelta(seconds=1))
    box.send(box.read("AB12345"))

    assert tables.count("alerts") == 1


@pytest.mark.parametrize(
    ("described", "rule"),
    [
        (attrs.evolve(camera(), place=Place.HEALTH_CARE), "CT-camera-place"),
        (attrs.evolve(camera(), location=Location.WITHHELD), "CT-camera-withheld"),
    ],
)
def test_a_camera_is_not_placed_where_the_rules_say_no(
    agency: Agency, tables: Tables, described: Camera, rule: str
) -> None:
    refused = place_camera(agency, ADMIN, described)

    assert isinstance(refused, Forbidden)
    assert rule in [each.rule_id for each in refused.because]
    with agency.database.changes() as tx:
        assert not cameras.everything(tx)
    (entry,) = tables.public_entries("camera.refused")
    assert entry["rules"] == [each.rule_id for each in refused.because]


def test_a_camera_keeps_what_it_looks_at(agency: Agency, tables: Tables) -> None:
    school = attrs.evolve(
        camera(), place=Place.SCHOOL, location=Location.WITHHELD_BY_GRANT
    )

    assert place_camera(agency, ADMIN, school) == Placed()

    with agency.database.changes() as tx:
        (placed,) = cameras.everything(tx)
    assert placed.to_camera() == school
    (entry,) = tables.public_entries("camera.placed")
    assert (entry["place"], entry["location"]) == ("school", "withheld_by_grant")
    assert CAMERA not in str(entry)
