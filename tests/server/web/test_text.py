"""Every visible text of the shell's pages goes through gettext."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.server.web.test_cameras_pages import LIST, a_box, a_file
from tests.support.pseudo import Pseudo, untranslated
from tests.support.web import PASSWORD, Desk, browser, somebody

from charteroak.core.people import Role
from charteroak.core.time import whole_years
from charteroak.server.agency import Agency
from charteroak.server.web.app import create_app
from charteroak.server.web.text import ENGLISH, ago, exactly, how_long

REPOSITORY = Path(__file__).parents[3]
NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)


def signed_in(agency: Agency, role: Role) -> Desk:
    """A browser at pages of which each message stands in brackets."""
    desk = browser(create_app(agency, words=Pseudo()))
    person = somebody(agency, role)
    desk.person = person
    login = {"login": person.login, "password": PASSWORD}
    assert desk.post("/sign-in", login).status_code == 303
    return desk


def test_the_door(agency: Agency) -> None:
    desk = browser(create_app(agency, words=Pseudo()))

    for path in ("/sign-in", "/sign-in?fresh=1", "/nowhere"):
        assert untranslated(desk.get(path).text) == []
    failed = desk.post("/sign-in", {"login": "x", "password": "y"})
    assert untranslated(failed.text) == []


def test_what_an_administrator_sees(agency: Agency) -> None:
    box = a_box(agency)
    desk = signed_in(agency, Role.ADMINISTRATOR)
    assert desk.person is not None
    other = somebody(agency, Role.OFFICER)
    for path in (
        "/people",
        "/people?show=disabled",
        f"/people/{desk.person.person_id}",
        f"/people/{other.person_id}?done=roles",
        "/account",
        "/cameras?done=placed",
        f"/cameras/boxes/{box}/revoke",
        "/board",
        "/nowhere",
    ):
        assert untranslated(desk.get(path).text) == [], path
    for path, form in (
        ("/people", {"login": "", "name": "N"}),
        ("/people", {"login": "new.one", "name": "N", "roles": "officer"}),
        (f"/people/{desk.person.person_id}/disable", {}),
        ("/account/password", {"before": "x", "after": "y"}),
        ("/cameras", {}),
        ("/cameras/boxes", {"box_name": "B", "cameras": "elm-north"}),
        (f"/cameras/boxes/{box}/revoke", {"typed_name": "wrong"}),
    ):
        assert untranslated(desk.post(path, form).text) == [], path


def test_what_a_list_clerk_sees(agency: Agency) -> None:
    desk = signed_in(agency, Role.LIST_CLERK)
    pages = [
        desk.get("/hot-lists"),
        desk.post("/hot-lists", LIST, files=a_file("plate,reason\nAB1,x\n!,y\n")),
        desk.post("/hot-lists", LIST, files=a_file("nonsense")),
        desk.post("/hot-lists", {**LIST, "name": ""}),
        desk.post(
            "/hot-lists", {**LIST, "list_class": "gang"}, files=a_file("plate,reason")
        ),
    ]
    for page in pages:
        assert untranslated(page.text) == []


@pytest.mark.parametrize(
    ("html", "missed"),
    [
        ("<p>⟦Save⟧</p>", []),
        ("<p>Save</p>", ["Save"]),
        ("<p>⟦Save⟧ all</p>", ["⟦Save⟧ all"]),
        ('<p translate="no">Ada</p>', []),
        ("<p>⟦Until <time translate='no'>noon</time> only⟧</p>", []),
        ("<img alt='A car'>", ["A car"]),
        ("<p>12:30, 7</p>", []),
        ("<script>let text</script>", []),
    ],
)
def test_the_test_itself_sees_what_was_missed(html: str, missed: list[str]) -> None:
    assert untranslated(html) == missed


def test_the_catalogue_is_drawn_from_templates_and_handlers() -> None:
    rules = (REPOSITORY / "babel.cfg").read_text(encoding="utf-8")
    assert "[jinja2: **/server/web/templates/**.html]" in rules
    method_map = [("**/web/templates/**.html", "jinja2"), ("**/web/*.py", "python")]
    found = {
        message
        for _file, _line, message, *_rest in extract_from_dir(
            str(REPOSITORY / "src/charteroak/server/web"),
            [(pattern.removeprefix("**/web/"), how) for pattern, how in method_map],
            options_map={"templates/**.html": {"trimmed": "true"}},
            keywords={"_": None, "gettext": None, "ngettext": (1, 2), "later": None},
        )
    }
    assert {"Sign in", "Hot lists", "There is no such page"} <= {
        message for message in found if isinstance(message, str)
    }


@given(st.timedeltas(timedelta(0), timedelta(days=4000)))
def test_a_length_of_time_is_never_rounded_up(span: timedelta) -> None:
    # Whole years have their leap days in them.
    assume(not whole_years(span))
    number, unit = how_long(span, ENGLISH).split()
    size = timedelta(**{unit.rstrip("s") + "s": 1})

    assert int(number) * size <= span < (int(number) + 1) * size
    assert unit.endswith("s") == (int(number) != 1)


@given(st.integers(1, 1000), st.sampled_from(["days", "hours", "minutes"]))
def test_a_term_is_told_whole(count: int, unit: str) -> None:
    span = timedelta(**{unit: count})
    assume(not whole_years(span))

    number, said = exactly(span, ENGLISH).split()

    assert int(number) * timedelta(**{said.rstrip("s") + "s": 1}) == span


def test_a_moment_to_come_is_said_so() -> None:
    assert ago(NOON + timedelta(minutes=5), NOON, ENGLISH) == "in 5 minutes"
    assert ago(NOON, NOON, ENGLISH) == "now"
