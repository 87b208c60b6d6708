"""Fixtures for every test; the machinery is in `tests.support`."""

pytest_plugins = (
    "tests.support.postgres",
    "tests.support.embedded",
    "tests.support.agency",
    "tests.support.box",
    "tests.support.chromium",
    "tests.support.tables",
    "tests.support.web",
)
