"""Matching: each read that is new is held against the hot lists, each hit is an alert."""

from charteroak.core import hotlist
from charteroak.core.alert import AlertId
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.plate import MatchKey
from charteroak.server.agency import Agency
from charteroak.server.store import alert_inserts, hotlists, reads
from charteroak.server.store.database import Ingests
from charteroak.server.vault.hot_file import HotFileState


class Matcher:
    """Holds reads against the hot lists and raises the alerts.

    Attributes:
        alerted: how many alerts were raised.
    """

    def __init__(
        self,
        agency: Agency,
        tx: Ingests,
        receipt: reads.Receipt,
        incoming: list[reads.NewRead],
    ) -> None:
        """Look up the entries that any of the reads may hit."""
        self._agency = agency
        self._tx = tx
        self._receipt = receipt
        self.alerted = 0
        self._listed = hotlists.entries(
            tx,
            _candidates(agency, {new.match_key for new in incoming}),
            prohibited=agency.profile.prohibited_lists,
        )

    def alert(self, new: reads.NewRead, *, misdated: bool) -> bool:
        """Raise an alert for each entry that a read hits; whether it hit any."""
        hit = False
        for listed in self._listed.get(new.match_key, []):
            found = hotlist.match(
                new.read.plate,
                new.read.state,
                listed.entry,
                at=self._receipt.received_at,
            )
            if found is not None:
                self._raise(new, found, listed.hotlist, misdated=misdated)
                hit = True
        return hit

    def _raise(
        self,
        new: reads.NewRead,
        found: hotlist.Match,
        on: hotlist.HotList,
        *,
        misdated: bool,
    ) -> None:
        received_at = self._receipt.received_at
        delay = received_at - new.read.seen_at
        # With a clock that cannot be trusted nobody knows how late it is.
        late = (
            misdated
            or self._receipt.clock_suspect
            or delay > self._agency.settings.page_within
        )
        alert_id = AlertId(self._agency.new_id())
        alert_inserts.add(
            self._tx,
            alert_inserts.NewAlert(
                alert_id=alert_id,
                new=new,
                match=found,
                hotlist=on,
                kept_from=received_at if misdated else new.read.seen_at,
                raised_at=received_at,
                late=late,
                misdated=misdated,
                clock_suspect=self._receipt.clock_suspect,
            ),
        )
        self._agency.record(
            self._tx,
            Draft(
                kind=RecordKind.ALERT_RAISED,
                at=received_at,
                public={
                    "tier": found.tier.value,
                    "state": found.state.value,
                    "list_class": on.list_class.value,
                    "late": late,
                    "misdated": misdated,
                },
                private={
                    "alert": str(alert_id),
                    "camera": new.read.camera,
                    "list": str(on.list_id),
                },
            ),
        )
        self.alerted += 1


def _candidates(agency: Agency, keys: set[MatchKey]) -> set[MatchKey]:
    """Those of some match keys that a list may hold."""
    index, state = agency.hot_file.look()
    if state is not HotFileState.READY:
        # Slower, and no hit is missed because a file is.
        return keys
    secret = agency.keys.hotlist_key
    return {key for key in keys if index.may_hold(hotlist.digest(secret, key))}
