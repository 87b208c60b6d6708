"""Rules are taken up while the server runs: whole, recorded, or not at all."""

import logging
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import attrs
import pytest

from charteroak.core.codes import Case, Reach
from charteroak.core.log_record import RecordKind
from charteroak.core.people import Act, Role
from charteroak.core.policy import Denial, Permit, Request, decide
from charteroak.core.search import Purpose
from charteroak.law import loader
from charteroak.law.loader import NotInForceError, load_profile
from charteroak.server.agency import Agency
from charteroak.server.law_in_force import LawInForce, adopt, today
from charteroak.server.settings import Settings
from charteroak.server.store import adopted, retention_changes
from charteroak.server.store.database import StoreUnavailableError
from charteroak.server.worker import LawWatch
from tests.support.agency import NOON, SettableClock
from tests.support.tables import Tables

SHIPPED = Path(loader.__file__).parent
PARKING = Request(
    act=Act.SEARCH_READS,
    custodian="CT",
    roles=frozenset({Role.INVESTIGATOR}),
    purpose=Purpose("robbery"),
    case=Case.GIVEN,
    reach=Reach.WITHIN,
)
NO_ROBBERY = """
@id("OWN-no-robbery")
@statute("Town policy 7")
@plain("Nobody searches for a robbery here.")
@confidence("high")
@review("no lawyer yet")
@change("")
forbid (principal, action == Action::"search_reads", resource)
when { context.purpose == Purpose::"robbery" };
"""


@attrs.frozen(kw_only=True)
class Town:
    """An agency with a policy in a file, and what watches it."""

    agency: Agency
    policy: Path
    watch: LawWatch

    @property
    def allows_robbery(self) -> bool:
        return isinstance(decide(self.agency.in_force().rules, PARKING), Permit)

    def looks(self, times: int = 2) -> None:
        for _ in range(times):
            self.watch.look()

    def adds(self, text: str) -> None:
        self.policy.write_text(self.policy.read_text() + text)


@pytest.fixture
def town(agency: Agency, tmp_path: Path) -> Town:
    policy = tmp_path / "town.cedar"
    shutil.copy(SHIPPED / "policies" / "published_prohibitions.cedar", policy)
    settings = Settings.model_validate(
        {**agency.settings.model_dump(exclude_unset=True), "policy": str(policy)}
    )
    law = LawInForce(adopted=adopt(settings, on=NOON.date()))
    made = attrs.evolve(agency, settings=settings, law=law)
    found = Town(agency=made, policy=policy, watch=LawWatch(made))
    found.looks()
    return found


def rules_records(tables: Tables) -> list[tuple[str, dict[str, object]]]:
    kinds = (RecordKind.RULES_CHANGED, RecordKind.RULES_REFUSED)
    by_kind = {kind: iter(tables.public_entries(kind)) for kind in kinds}
    order = [RecordKind(each) for each in tables.log_kinds() if each in kinds]
    return [(kind, next(by_kind[kind])) for kind in order]


def test_what_is_in_force_at_the_start_is_recorded_once(
    town: Town, tables: Tables
) -> None:
    town.looks(5)
    LawWatch(town.agency).look()

    ((kind, public),) = rules_records(tables)
    assert kind == RecordKind.RULES_CHANGED
    assert public["before"] == ""
    assert public["after"] == town.agency.in_force().rules.fingerprint
    assert public["limit_s"] == timedelta(days=21).total_seconds()


def test_an_edited_policy_is_in_force_and_recorded_in_words(
    town: Town, tables: Tables, caplog: pytest.LogCaptureFixture
) -> None:
    before = town.agency.in_force()
    town.adds(NO_ROBBERY)

    town.looks()

    assert isinstance(decide(town.agency.in_force().rules, PARKING), Denial)
    kind, public = rules_records(tables)[-1]
    assert kind == RecordKind.RULES_CHANGED
    assert public["before"] == before.rules.fingerprint
    assert public["after"] == town.agency.in_force().rules.fingerprint
    said = str(public["changes"])
    assert "now refused: search the reads" in said
    assert "OWN-no-robbery" in said
    assert isinstance(public["requests"], int)
    assert public["requests"] > 0
    assert "the rules have changed" in caplog.text
    # What was begun is finished under the rules it was begun with.
    assert isinstance(decide(before.rules, PARKING), Permit)


def test_a_typo_keeps_the_last_good_rules_and_is_said(
    town: Town, tables: Tables, caplog: pytest.LogCaptureFixture
) -> None:
    good = town.agency.in_force().rules.fingerprint
    town.adds(NO_ROBBERY.replace('"robbery" }', '"robery" }'))
    line = town.policy.read_text().count("\n")

    town.looks(4)

    assert town.agency.in_force().rules.fingerprint == good
    refused = town.agency.law.refused
    assert refused is not None
    assert (refused.file, refused.line, refused.word) == ("town.cedar", line, "robery")
    (_first, (kind, public)) = rules_records(tables)
    assert kind == RecordKind.RULES_REFUSED
    assert (public["file"], public["line"]) == ("town.cedar", line)
    assert public["policy"] == good
    assert "robery" not in str(public)
    assert [r.levelno for r in caplog.records if "refused" in r.message] == [
        logging.ERROR
    ]

    town.policy.write_text(town.policy.read_text().replace("robery", "robbery"))
    town.looks()

    assert town.agency.law.refused is None
    assert not town.allows_robbery


def test_a_policy_that_is_gone_keeps_the_last_good_rules(town: Town) -> None:
    town.policy.unlink()

    town.looks()

    assert town.allows_robbery
    assert town.agency.law.refused is not None


def test_a_file_that_is_still_being_written_is_not_taken_up(town: Town) -> None:
    whole = town.policy.read_text() + NO_ROBBERY
    town.policy.write_text(whole)
    town.looks(1)
    assert town.allows_robbery

    town.policy.write_text(whole + "\n// the end\n")
    town.looks(1)
    assert town.allows_robbery

    town.looks(1)
    assert not town.allows_robbery


def test_numbers_of_a_policy_shorten_what_is_kept(town: Town) -> None:
    numbers = (SHIPPED / "presets" / "local.toml").read_text()
    town.policy.with_suffix(".toml").write_text(numbers)

    town.looks()

    assert town.agency.in_force().retention.limit == timedelta(hours=72)


def test_a_limit_that_could_not_be_recorded_is_recorded_at_the_next_look(
    town: Town, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = (SHIPPED / "presets" / "local.toml").read_text()
    town.policy.with_suffix(".toml").write_text(numbers)
    town.looks(1)
    with monkeypatch.context() as broken:
        broken.setattr(retention_changes, "newest", _breaks_off)
        with pytest.raises(StoreUnavailableError):
            town.looks(1)
    assert town.agency.in_force().retention.limit == timedelta(hours=72)

    town.looks()

    noted = tables.public_entries(RecordKind.RETENTION_CHANGED)
    assert [each["after_minutes"] for each in noted] == [21 * 24 * 60, 72 * 60]


def test_a_limit_is_looked_up_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention_changes, "newest", _breaks_off)

    town.looks(3)


def _breaks_off(*_: object, **__: object) -> object:
    raise StoreUnavailableError("the database does not answer")


def test_misspelt_numbers_are_refused_with_line_and_word(town: Town) -> None:
    numbers = (SHIPPED / "presets" / "local.toml").read_text()
    town.policy.with_suffix(".toml").write_text(numbers.replace("nonhit", "nonhot"))

    town.looks()

    refused = town.agency.law.refused
    assert refused is not None
    assert (refused.file, refused.word) == ("town.toml", "nonhot")
    assert numbers.splitlines()[refused.line - 1].startswith("nonhit")


def test_what_was_edited_while_nothing_ran_is_recorded_at_the_next_start(
    town: Town, tables: Tables
) -> None:
    town.adds(NO_ROBBERY)
    settings = town.agency.settings
    restarted = attrs.evolve(
        town.agency, law=LawInForce(adopted=adopt(settings, on=NOON.date()))
    )

    watch = LawWatch(restarted)
    watch.look()
    watch.look()

    _kind, public = rules_records(tables)[-1]
    assert "OWN-no-robbery" in str(public["changes"])


def test_asked_by_a_person_the_rules_are_loaded_at_the_next_look(town: Town) -> None:
    town.adds(NO_ROBBERY)

    town.watch.ask()
    town.looks(1)

    assert not town.allows_robbery


def test_what_was_asked_for_and_failed_is_done_at_the_next_look(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.agency.law.adopted = None
    town.watch.ask()
    with monkeypatch.context() as broken:
        broken.setattr(adopted, "last", _breaks_off)
        with pytest.raises(StoreUnavailableError):
            town.looks(1)

    town.looks(1)

    assert town.agency.law.adopted is not None


def test_rules_take_effect_at_midnight_by_the_agencys_own_clocks(
    town: Town,
    agency_clock: SettableClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    law = tmp_path / "law"
    shutil.copytree(SHIPPED, law)
    (law / "us_ct" / "2027-01-01.cedar").write_text(
        (law / "us_ct" / "2026-10-01.cedar").read_text()
    )
    (law / "us_ct" / "2027-01-01.toml").write_text(
        (law / "us_ct" / "2026-10-01.toml")
        .read_text()
        .replace("effective = 2026-10-01", "effective = 2027-01-01")
        .replace("nonhit = { days = 21 }", "nonhit = { days = 14 }")
    )
    monkeypatch.setattr(loader, "files", lambda _package: law)
    settings = town.agency.settings

    # Five hours behind Greenwich: there the year is new and here it is not.
    agency_clock.now = datetime(2027, 1, 1, 4, 59, 58, tzinfo=UTC)
    town.looks()
    assert today(settings, agency_clock.now) == date(2026, 12, 31)
    assert town.agency.in_force().profile.effective == date(2026, 10, 1)
    assert loader.next_change("us_ct", on=date(2026, 12, 31)) == date(2027, 1, 1)

    agency_clock.advance(timedelta(seconds=2))
    town.looks()
    assert town.agency.in_force().profile.effective == date(2027, 1, 1)
    assert town.agency.in_force().retention.limit == timedelta(days=14)
    loader._load.cache_clear()


def test_before_any_rules_take_effect_the_first_day_is_named() -> None:
    with pytest.raises(NotInForceError, match="the first take effect on 2026-10-01"):
        load_profile("us_ct", on=date(2026, 9, 30))


def test_an_unknown_state_is_told_which_are_known() -> None:
    with pytest.raises(loader.UnknownJurisdictionError, match="us_ct, us_me, us_mn"):
        load_profile("us_zz", on=date(2026, 11, 1))
