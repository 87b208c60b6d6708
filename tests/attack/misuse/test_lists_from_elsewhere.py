"""An immigration file among the hot lists, under whatever name it comes.

The national extract for plate readers holds the Immigration Violator File beside the
stolen cars. Connecticut forbids its use, so it must not reach the matcher: not as
itself (`test_prohibited_list`), and not under another name.
"""

from tests.attack.misuse.a_town import cards, titles
from tests.support.box import FakeBox
from tests.support.tables import Tables
from tests.support.web import ClientAs, Desk

from charteroak.core.people import Role
from charteroak.server.agency import Agency

MARKED = "IV4120"
STOLEN = "ST51208"


def sent(desk: Desk, rows: str, *, header: str = "plate,reason", **changes: str) -> int:
    """Load a file as a list clerk does; gives the status of the answer."""
    file_name = changes.pop("file_name", "list.csv")
    form = {
        "name": "State Police daily file",
        "list_class": "vehicle",
        "source": "State Police",
        "authority": "Conn. Gen. Stat. 29-1c",
        **changes,
    }
    content = f"{header}\n{rows}\n".encode()
    return desk.post(
        "/hot-lists", form, files={"file": (file_name, content, "text/csv")}
    ).status_code


def shown_to_a_supervisor(desk: Desk, clerk: Desk) -> None:
    assert clerk.person is not None
    flagged = cards(desk, clerk.person.name)
    assert "A hot list says what is forbidden" in titles(flagged)
    assert all(MARKED not in card.text for card in flagged)


def test_rows_that_speak_of_immigration_are_left_out_and_shown(
    client_as: ClientAs, box: FakeBox, tables: Tables, agency: Agency
) -> None:
    clerk, supervisor = client_as(Role.LIST_CLERK), client_as(Role.SUPERVISOR)
    rows = [
        f"{MARKED}1,Immigration violator,,",
        f"{MARKED}2,ICE detainer,,",
        f"{MARKED}3,Deported felon,,",
        f'{MARKED}4,"Wanted: absconder, final order of removal",,',
        # A harmless reason, and the truth in another column.
        f"{MARKED}5,Stolen vehicle,grey van - ICE target,",
        f"{MARKED}6,Stolen vehicle,,ERO 26-118",
        f"{STOLEN},Stolen vehicle,grey van,26-118",
    ]

    status = sent(clerk, "\n".join(rows), header="plate,reason,vehicle,case")

    assert status == 200
    loaded = tables.public_entries("hotlist.loaded")[-1]
    assert loaded["entries"] == 1
    assert loaded["left_out"] == len(rows) - 1
    assert loaded["policy"] == agency.rules.fingerprint
    (told,) = (
        entry
        for entry in tables.public_entries("flag.raised")
        if entry["flag"] == "list_note"
    )
    assert "CO-note-immigration" in str(told["note_rules"])
    shown_to_a_supervisor(supervisor, clerk)
    # They hit nothing; the stolen car beside them does.
    box.send(*(box.read(f"{MARKED}{number}") for number in range(1, len(rows))))
    assert tables.count("alerts") == 0
    box.send(box.read(STOLEN))
    assert tables.count("alerts") == 1
    assert MARKED not in tables.text_of("hotlist_entries")


def test_a_list_that_says_whose_it_is_is_refused_whole(
    client_as: ClientAs, tables: Tables
) -> None:
    clerk, supervisor = client_as(Role.LIST_CLERK), client_as(Role.SUPERVISOR)
    for times, changes in enumerate(
        (
            {"name": "Immigration Violator File"},
            {"source": "ICE, Enforcement and Removal Operations"},
            {"authority": "8 U.S.C. 1373, immigration detainers"},
            {"file_name": "ImmigrationViolator.csv"},
            {"file_name": "ncic_immigration_violator_20261015.csv"},
        ),
        start=1,
    ):
        assert sent(clerk, f"{MARKED},Stolen vehicle", **changes) == 422, changes

        told = tables.public_entries("flag.raised")
        assert len(told) == times
        assert told[-1]["flag"] == "list_note"
        assert told[-1]["list_class"] == "vehicle"
    assert tables.count("hotlists") == 0
    shown_to_a_supervisor(supervisor, clerk)


def test_a_file_of_another_form_is_not_guessed_at(
    client_as: ClientAs, tables: Tables
) -> None:
    clerk = client_as(Role.LIST_CLERK)
    for header in (
        "plate,reason,file",
        "plate,reason,immigration_violator",
        "LIC,LIS,MKE,NIC",
        "immigration violator file",
    ):
        row = ",".join([MARKED, "x", "y", "z"][: header.count(",") + 1])

        assert sent(clerk, row, header=header) == 422, header

    assert tables.count("hotlists") == 0
    assert MARKED not in tables.text_of("hotlist_entries")


def test_a_list_of_ones_own_is_no_way_around_it(
    client_as: ClientAs, box: FakeBox, tables: Tables
) -> None:
    # A list of the agency's own waits for a second person, whoever names it how.
    clerk = client_as(Role.LIST_CLERK)
    own = {"name": "local", "list_class": "local", "purpose": "robbery"}

    ice = sent(clerk, f"{MARKED},ICE hold,26-118", header="plate,reason,case", **own)
    robbery = f"{MARKED},robbery of the pharmacy,26-118"
    waits = sent(clerk, robbery, header="plate,reason,case", **own)

    assert ice in {403, 422}
    assert waits in {200, 303, 422}
    box.send(box.read(MARKED))
    assert tables.count("alerts") == 0
