"""A preset or policy that says how long reads are kept is taken at its word."""

from datetime import date, timedelta

from charteroak.law.loader import load_profile
from charteroak.server.bootstrap import retention
from charteroak.server.settings import Settings

CT = load_profile("us_ct", on=date(2026, 11, 22))


def test_a_preset_named_as_policy_shortens_what_a_server_keeps() -> None:
    kept = retention(Settings(policy="minimal"), CT)

    assert kept.limit == timedelta(seconds=180)
    assert retention(Settings(), CT).limit == timedelta(days=21)
    assert retention(Settings(keep=timedelta(days=3)), CT).limit == timedelta(days=3)
