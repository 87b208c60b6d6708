"""Plates on a list of the agency's own: asked for, and approved."""

from datetime import timedelta
from typing import Final

from charteroak.core.hotlist import ListClass
from charteroak.core.log_record import RecordId
from charteroak.core.people import Person
from charteroak.core.plate import PlateText
from charteroak.core.search import Purpose
from charteroak.server.actions.ask_entries import EntriesWait, Wanted, ask_entry
from charteroak.server.actions.decide_entries import EntriesDecided, decide_entries
from charteroak.server.actions.load_hotlist import ListFile
from charteroak.server.agency import Agency

HER_CAR: Final = "BK47193"
ROBBERY: Final = Purpose("robbery")
HEADER: Final = "plate,state,reason,vehicle,case,expires\n"


def a_plate(agency: Agency, plate: str = HER_CAR, *, days: int = 7) -> Wanted:
    """One plate, as a list clerk types it."""
    return Wanted(
        plate=PlateText(plate),
        state="CT",
        reason="robbery of the pharmacy on Elm Street",
        vehicle="silver Ford Focus",
        case_ref="26-1234",
        expires_at=agency.clock() + timedelta(days=days),
    )


def asked(agency: Agency, who: Person, wanted: Wanted | None = None) -> RecordId:
    """Ask for it; it waits."""
    done = ask_entry(agency, who, wanted or a_plate(agency), purpose=ROBBERY)
    assert isinstance(done, EntriesWait), done
    return done.asked


def approved(agency: Agency, who: Person, wish: RecordId) -> EntriesDecided:
    """Approve it."""
    done = decide_entries(agency, who, wish, approve=True, reason="")
    assert isinstance(done, EntriesDecided), done
    return done


def a_file(
    rows: str, *, name: str = "towed", list_class: ListClass = ListClass.LOCAL
) -> ListFile:
    """A file; of the agency's own unless told otherwise."""
    return ListFile(
        name=name,
        list_class=list_class,
        source="our patrol",
        authority="order 1",
        content=f"{HEADER}{rows}".encode(),
    )
