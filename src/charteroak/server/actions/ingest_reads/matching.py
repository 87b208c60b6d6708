"""Matching: each read that is new is held against the hot lists, each hit is an alert."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from charteroak.core import hotlist
from charteroak.core.alert import AlertId
from charteroak.core.list_rules import alerting, freshness
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.plate import MatchKey
from charteroak.core.policy import Denial, Permit
from charteroak.core.search_record import decision_fields
from charteroak.server.agency import Agency
from charteroak.server.store import alert_inserts, hotlists, reads
from charteroak.server.store.database import Ingests


def listed(
    agency: Agency, tx: Ingests, match_keys: Sequence[MatchKey]
) -> Mapping[MatchKey, Sequence[hotlists.Listed]]:
    """The entries that reads with some match keys may hit, by match key.

    The matcher's file leaves only those keys that are on a list; the database is asked
    about them, and about no other.
    """
    return hotlists.entries(
        tx,
        agency.hot_file.candidates(agency.keys.hotlist_key, match_keys),
        prohibited=agency.refused_lists,
    )


def may_alert(agency: Agency, on: hotlist.HotList, *, at: datetime) -> Permit | Denial:
    """Whether anybody may be told of a hit on a list at a moment."""
    fresh = freshness(
        on.list_class, on.loaded_at, term=agency.profile.list_refresh, at=at
    )
    return alerting(agency.rules, agency.profile.custodian, on.list_class, fresh)


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
        self._listed = listed(agency, tx, [new.match_key for new in incoming])

    def alert(self, new: reads.NewRead, *, misdated: bool) -> bool:
        """Raise an alert for each entry that a read hits; whether it hit any."""
        hit = False
        for each in self._listed.get(new.match_key, []):
            found = hotlist.match(
                new.read.plate,
                new.read.state,
                each.entry,
                at=self._receipt.received_at,
            )
            if found is None:
                continue
            answer = may_alert(self._agency, each.hotlist, at=self._receipt.received_at)
            if isinstance(answer, Denial):
                self._withhold(new, each.hotlist, answer)
                continue
            self._raise(new, found, each.hotlist, misdated=misdated)
            hit = True
        return hit

    def _withhold(
        self, new: reads.NewRead, on: hotlist.HotList, answer: Denial
    ) -> None:
        """Write down that nobody was told: a list that went stale must not go unseen."""
        self._agency.record(
            self._tx,
            Draft(
                kind=RecordKind.ALERT_WITHHELD,
                at=self._receipt.received_at,
                public=decision_fields(answer),
                private={"camera": new.read.camera, "list": str(on.list_id)},
            ),
        )

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
