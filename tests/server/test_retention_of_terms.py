"""A preset, policy or contract that says how long reads are kept is taken at its word."""

from datetime import date, timedelta

from charteroak.server.law_in_force import adopt
from charteroak.server.settings import Settings

ON = date(2026, 11, 22)


def kept(settings: Settings) -> timedelta:
    return adopt(settings, on=ON).retention.limit


def test_a_preset_named_as_policy_shortens_what_a_server_keeps() -> None:
    assert kept(Settings(policy="minimal")) == timedelta(seconds=180)
    assert kept(Settings()) == timedelta(days=21)
    assert kept(Settings(keep=timedelta(days=3))) == timedelta(days=3)


def test_the_shortest_of_statute_policy_contract_and_setting_counts() -> None:
    contract = Settings(policy="local", contract="no_sharing")
    own = Settings(contract="no_sharing", keep=timedelta(hours=1))

    assert kept(Settings(contract="no_sharing")) == timedelta(days=7)
    assert kept(contract) == timedelta(hours=72)
    assert kept(own) == timedelta(hours=1)
    assert adopt(contract, on=ON).limit.because == "CO-LOCAL"
