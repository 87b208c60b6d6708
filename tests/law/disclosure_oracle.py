"""What the rules must say to another agency, state by state, from the facts of law."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from tests.law.oracle import (
    BANNED,
    COURT,
    ENFORCEMENT,
    JUDGE,
    POLICE,
    READS,
    STATES,
    Answer,
    answer,
    dashed,
    when,
)


class Asked(NamedTuple):
    """A request for disclosure."""

    requester: str
    kind: str
    purpose: str
    declaration: str
    data: str
    process: str

    @property
    def counts(self) -> bool:
        return self.data == "aggregate"

    @property
    def unnamed(self) -> bool:
        """Asked for reads, by a paper that is no judge's."""
        return not self.counts and self.process != "judicial_warrant"


def house(asked: Asked, code: str) -> set[str]:
    """What stands against it in every state."""
    return when(
        (asked.data == "own_record", "CO-own-record"),
        (asked.purpose in BANNED, f"{code}-no-{dashed(asked.purpose)}"),
    )


def published(asked: Asked) -> bool:
    return asked.counts and asked.purpose == "public_reporting"


def connecticut(asked: Asked) -> Answer:
    neighbor = asked.requester in {"MA", "NY", "RI"}
    declared = asked.declaration == "valid"
    listed = asked.purpose in STATES["CT"].listed
    against = house(asked, "CT") | when(
        (
            asked.requester != "CT" and not neighbor and asked.unnamed,
            "CT-no-other-state",
        ),
        (neighbor and not declared and asked.unnamed, "CT-no-declaration"),
        (
            not listed and asked.purpose not in BANNED and asked.unnamed,
            "CT-share-purpose",
        ),
        (
            asked.kind in {"defence", "federal_agency", "other"} and asked.unnamed,
            "CT-share-agency",
        ),
        (asked.kind == "vendor" and not asked.counts, "CT-no-vendor"),
    )
    enforcement = asked.kind in ENFORCEMENT and listed
    return answer(
        against,
        when(
            (enforcement and asked.requester == "CT", "CT-share-in-state"),
            (enforcement and neighbor and declared, "CT-share-neighbors"),
            (
                asked.process == "judicial_warrant"
                and asked.kind != "vendor"
                and asked.data in READS,
                "CT-share-warrant",
            ),
            (published(asked), "CT-share-counts"),
        ),
    )


def new_hampshire(asked: Asked) -> Answer:
    own = asked.requester == "NH"
    listed = asked.purpose in STATES["NH"].listed
    discovery = asked.purpose == "court_discovery"
    nowhere = not listed and asked.purpose not in BANNED and not discovery
    against = house(asked, "NH") | when(
        (asked.data == "nonhit", "NH-no-nonhit"),
        (not own and not asked.counts, "NH-no-other-state"),
        (
            asked.kind in {"federal_agency", "other", "vendor"} and not asked.counts,
            "NH-share-agency",
        ),
        (nowhere and not asked.counts, "NH-share-purpose"),
    )
    hit = own and asked.data == "hit"
    return answer(
        against,
        when(
            (hit and asked.kind in POLICE and listed, "NH-share-hit"),
            (
                hit
                and asked.kind in {"prosecutor", "defence"}
                and discovery
                and asked.process in COURT,
                "NH-share-court",
            ),
            (published(asked), "NH-share-counts"),
        ),
    )


def virginia(asked: Asked) -> Answer:
    own, court = asked.requester == "VA", asked.process in COURT
    vendor, reads = asked.kind == "vendor", asked.data in READS
    upkeep = asked.purpose == "maintenance" and asked.data != "nonhit"
    against = house(asked, "VA") | when(
        (not own and not court and not asked.counts, "VA-no-other-state"),
        (vendor and not upkeep and not asked.counts, "VA-no-vendor"),
        (
            asked.kind in {"federal_agency", "other"}
            and not court
            and not asked.counts,
            "VA-share-who",
        ),
    )
    listed = asked.purpose in STATES["VA"].listed
    parties = asked.kind in {"prosecutor", "defence"}
    return answer(
        against,
        when(
            (own and reads and asked.kind in POLICE and listed, "VA-share-agency"),
            (
                own and reads and parties and asked.purpose == "court_discovery",
                "VA-share-discovery",
            ),
            (reads and court and not vendor, "VA-share-court"),
            (own and vendor and upkeep, "VA-share-maintenance"),
            (published(asked), "VA-share-counts"),
        ),
    )


def washington(asked: Asked) -> Answer:
    judge, vendor = asked.process in JUDGE, asked.kind == "vendor"
    party = (
        asked.requester == "WA"
        and asked.kind in {"prosecutor", "defence"}
        and asked.purpose == "court_discovery"
    )
    subpoena = party and asked.process == "subpoena"
    against = house(asked, "WA") | when(
        (not judge and not subpoena and not asked.counts, "WA-no-agency"),
        (vendor and not asked.counts, "WA-no-vendor"),
    )
    reads = asked.data in READS
    return answer(
        against,
        when(
            (judge and reads and not vendor, "WA-share-court"),
            (party and reads and asked.process in COURT, "WA-share-discovery"),
            (published(asked), "WA-share-counts"),
        ),
    )


def for_police_of(code: str, kinds: frozenset[str]) -> Callable[[Asked], Answer]:
    """Maine and Minnesota: to law enforcement of the state alone."""

    def decided(asked: Asked) -> Answer:
        own = asked.requester == code
        listed = asked.purpose in STATES[code].listed
        against = house(asked, code) | when(
            (not own and not asked.counts, f"{code}-no-other-state"),
            (asked.kind not in kinds and not asked.counts, f"{code}-share-agency"),
            (
                not listed and asked.purpose not in BANNED and not asked.counts,
                f"{code}-share-purpose",
            ),
        )
        police = own and listed and asked.kind in kinds and asked.data in READS
        return answer(
            against,
            when(
                (police, f"{code}-share-police"),
                (published(asked), f"{code}-share-counts"),
            ),
        )

    return decided


def narrowed(pre: str, against: set[str]) -> Answer:
    return answer(against, {f"{pre}-statute-decides"})


def minimal(asked: Asked) -> Answer:
    nobody = asked.process not in JUDGE and not asked.counts
    return narrowed("PM", when((nobody, "PM-nobody")))


def local(asked: Asked) -> Answer:
    agreed = (
        asked.requester == "CT"
        and asked.kind in ENFORCEMENT
        and asked.declaration == "valid"
    )
    refused = asked.process not in JUDGE and not asked.counts and not agreed
    return narrowed("PL", when((refused, "PL-agreement")))


def statutory(_asked: Asked) -> Answer:
    return narrowed("PS", set())


def no_sharing(asked: Asked) -> Answer:
    leaves = asked.process not in JUDGE and not asked.counts
    vendor = asked.kind == "vendor"
    return narrowed("CN", when((leaves, "CN-no-sharing"), (vendor, "CN-no-vendor")))


DISCLOSE: Final[Mapping[str, Callable[[Asked], Answer]]] = {
    "us_ct": connecticut,
    "us_me": for_police_of("ME", ENFORCEMENT),
    "us_mn": for_police_of("MN", POLICE),
    "us_nh": new_hampshire,
    "us_va": virginia,
    "us_wa": washington,
    "local": local,
    "minimal": minimal,
    "no_sharing": no_sharing,
    "statutory": statutory,
}
"""Profile, preset or contract (of Connecticut) -> what it must say."""
