"""Settings: what is unsafe is refused at the start, and what is secret is not shown."""

from datetime import date

import pytest
from pydantic import ValidationError

from charteroak.law.loader import UnknownPolicyError, load_profile
from charteroak.server.law_in_force import adopt
from charteroak.server.settings import Settings


@pytest.mark.parametrize(
    "address",
    [
        "https://lpr.example.gov",
        "https://lpr.example.gov:8443",
        "http://localhost:8443",
        "http://127.0.0.1:8443",
        "http://[::1]:8443",
    ],
)
def test_a_public_address_is_https_or_this_machine(address: str) -> None:
    assert Settings(public_url=address).public_url == address


@pytest.mark.parametrize(
    "address",
    [
        "http://lpr.example.gov",
        "http://192.0.2.7:8443",
        "http://localhost.example.gov",
        "ftp://localhost",
        "lpr.example.gov",
        "https://",
        "",
    ],
)
def test_any_other_public_address_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="give an https address"):
        Settings(public_url=address)


def test_a_password_of_the_database_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dsn = "postgresql://admin:open-sesame@db.example.gov/lpr"
    monkeypatch.setenv("CHARTEROAK_DSN", dsn)

    settings = Settings()

    assert settings.dsn is not None
    assert settings.dsn.get_secret_value() == dsn
    for shown in (repr(settings), str(settings), f"{settings.model_dump()}"):
        assert "open-sesame" not in shown


def test_policy_and_contract_decide_beside_the_law() -> None:
    on = date(2026, 11, 1)
    law = load_profile("us_ct", on=on)

    alone = adopt(Settings(), on=on).rules
    policy = "published_prohibitions"
    whole = adopt(Settings(policy=policy, contract="no_sharing"), on=on).rules

    assert alone.sets == (law.rules,)
    assert whole.sets[0] is law.rules
    assert whole.rule("AP-no-parking") is not None
    assert whole.rule("CN-no-vendor") is not None


@pytest.mark.parametrize("setting", ["policy", "contract"])
def test_one_that_is_not_there_is_an_error_and_not_none(setting: str) -> None:
    with pytest.raises(UnknownPolicyError):
        adopt(Settings.model_validate({setting: "nowhere"}), on=date.max)
