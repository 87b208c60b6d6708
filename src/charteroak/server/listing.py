"""What every way of putting plates on a list shares: its words, its ids, its digests."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final
from uuid import UUID

import attrs

from charteroak.core.flag import FlagKind
from charteroak.core.hotlist import (
    Digest,
    Entry,
    EntryId,
    HotListId,
    ListClass,
    digests,
)
from charteroak.core.hotlist_file import Row, RowError, UnreadableListError
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Person
from charteroak.core.plate import PlateText
from charteroak.core.screening import Verdict, screen
from charteroak.core.search_check import banned
from charteroak.law.screening import note_rules
from charteroak.server.agency import Agency
from charteroak.server.flagging import flag_record
from charteroak.server.store import entry_wishes, hotlists

_LONGEST: Final = 200
_AT_ONCE: Final = 10_000
_DIGEST_BYTES: Final = 16


@attrs.frozen(kw_only=True)
class ListFile:
    """A file with what somebody says about it.

    Attributes:
        name: of the list; a list of this name is replaced.
        source: where the file comes from, in words.
        authority: the statute or order that it is kept under.
        content: the bytes of the file, not looked at yet.
        file_name: as it came; it is kept nowhere. Empty where it had none.
    """

    name: str
    list_class: ListClass
    source: str
    authority: str
    content: bytes = attrs.field(repr=False)
    file_name: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class ListUnreadable:
    """Nothing was loaded, and the list of before is in force.

    Attributes:
        trouble: what is wrong with the whole file.
        errors: what is wrong with its rows, where none could be used.
    """

    trouble: str
    hint: str
    errors: tuple[RowError, ...] = ()


class Notes:
    """Screens what a list says, each text once: a file has few different reasons.

    Attributes:
        rules: by which of them something was refused.
        plates: that were refused to somebody for what was said of them, and are to be
            remembered; none of a list from elsewhere, which says of many what it likes.
    """

    def __init__(self, agency: Agency, who: Person) -> None:
        """Begin with nothing refused."""
        self._agency = agency
        self._who = who
        self._known: dict[str, bool] = {}
        self._vague: dict[str, bool] = {}
        self.rules: set[str] = set()
        self.plates: Sequence[PlateText] = ()

    def refuses(self, text: str) -> bool:
        """Whether a text says what the rules in force forbid."""
        if text not in self._known:
            screened = screen(text, note_rules())
            self._known[text] = banned(
                self._agency.rules,
                self._who,
                screened,
                custodian=self._agency.profile.custodian,
                at=self._agency.clock(),
            )
            if self._known[text] and screened.rule is not None:
                self.rules.add(screened.rule.rule_id)
        return self._known[text]

    def says_nothing(self, text: str) -> bool:
        """Whether a text is no reason that anybody could check, as in `inv`."""
        if text not in self._vague:
            screened = screen(text, note_rules())
            self._vague[text] = screened.verdict is Verdict.VAGUE
        return self._vague[text]


def described(file: ListFile, notes: Notes) -> tuple[str, str, str] | ListUnreadable:
    """Name, source and authority of a file, as they are kept."""
    try:
        words = (_words(file.name), _words(file.source), _words(file.authority))
    except UnreadableListError as unreadable:
        return ListUnreadable(trouble=str(unreadable), hint=unreadable.hint)
    # Whoever gives a list another name may have left that of the file.
    of_file = re.sub(r"[._\-]+", " ", file.file_name)
    if any(notes.refuses(each) for each in (*words, of_file)):
        return ListUnreadable(
            trouble="its name, source, authority or file name says what the law forbids",
            hint="Say whose list it is. That it was refused is recorded.",
        )
    return words


def tell(agency: Agency, who: Person, list_class: ListClass, notes: Notes) -> None:
    """Record that a list said what is forbidden, and let a supervisor look.

    By the plates that are remembered a list from elsewhere is watched.
    """
    now = agency.clock()
    with agency.database.changes() as tx:
        told = agency.record(
            tx,
            Draft(
                kind=RecordKind.FLAG_RAISED,
                at=now,
                public={
                    "flag": FlagKind.LIST_NOTE.value,
                    "list_class": list_class.value,
                    "note_rules": sorted(notes.rules),
                },
                private={"person": str(who.person_id)},
            ),
        )
        flag_record(
            agency,
            tx,
            FlagKind.LIST_NOTE,
            about=who.person_id,
            recorded=told.record_id,
            at=now,
        )
        entry_wishes.remember(
            tx,
            told.record_id,
            person=who.person_id,
            at=now,
            digests=plate_digests(agency, notes.plates),
            rejected=True,
        )


def hot_digests(agency: Agency) -> Iterator[Digest]:
    """What the matcher's file holds: a digest of every plate on the lists as they are."""
    secret = agency.keys.hotlist_key
    with agency.database.changes() as tx:
        keys = hotlists.match_keys(tx, prohibited=agency.refused_lists)
        while some := list(islice(keys, _AT_ONCE)):
            yield from map(Digest, digests(secret, some))


def plate_digests(agency: Agency, plates: Sequence[PlateText]) -> list[bytes]:
    """What is remembered of plates that somebody asked to list, in their order."""
    # Keyed, and for this alone: it can be compared with no other list of digests. Of the
    # match key, so that an O in the place of a 0 makes no other plate of it.
    keyed = hashlib.blake2b(
        digest_size=_DIGEST_BYTES, key=agency.keys.hotlist_key, person=b"entered"
    )
    made = []
    for plate in plates:
        each = keyed.copy()
        each.update(plate.match_key.encode())
        made.append(each.digest())
    return made


def entry_of(agency: Agency, list_id: HotListId, row: Row, *, at: datetime) -> Entry:
    """The entry of a row; the same row on the same list has the same id."""
    said = "\0".join(
        [row.plate.glyphs, row.state or "", row.reason, row.vehicle, row.case_ref]
    )
    # Keyed: an id must not tell the plate to whoever can try all plates.
    hashed = hashlib.blake2b(
        said.encode(),
        digest_size=16,
        key=agency.keys.hotlist_key,
        salt=list_id.bytes,
    )
    return Entry(
        entry_id=EntryId(UUID(bytes=hashed.digest())),
        list_id=list_id,
        plate=row.plate,
        state=row.state,
        reason=row.reason,
        vehicle=row.vehicle,
        case_ref=row.case_ref,
        entered_at=at,
        expires_at=row.expires_at,
    )


def _words(text: str) -> str:
    spelled = text.strip()
    if not spelled.isprintable() or not 1 <= len(spelled) <= _LONGEST:
        raise UnreadableListError("name, source and authority are 1 to 200 characters")
    return spelled
