"""The law in force for an agency: what its settings name, loaded and put in place.

An `Agency` is a value. What is in force is put beside it, in one object that all its
copies share; `Agency.in_force` gives a copy that stays as it is, so whatever is begun is
finished under the rules it was begun with.
"""

import hashlib
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Final
from zoneinfo import ZoneInfo

import attrs

from charteroak.core.moratorium import NO_COUNCIL, CouncilStanding
from charteroak.core.policy import RuleBook
from charteroak.core.retention import Retention
from charteroak.law.loader import load_policy, load_profile, load_terms
from charteroak.law.profile import Kind, Limit, Profile, Terms, strictest
from charteroak.server.settings import Settings

_FILES: Final = (".cedar", ".toml")


@attrs.frozen(kw_only=True)
class Sources:
    """What rules are made from: they are loaded anew when any of it changes.

    Attributes:
        on: the day, by the agency's clocks.
        files: digest of each file that the settings name; empty where it cannot be read.
    """

    on: date
    files: tuple[tuple[str, str], ...]


def today(settings: Settings, now: datetime) -> date:
    """The day by the agency's clocks: rules take effect at its own midnight."""
    return now.astimezone(ZoneInfo(settings.time_zone)).date()


def sources(settings: Settings, *, on: date) -> Sources:
    """Look at the files that the settings name."""
    named = [
        Path(name).with_suffix(suffix)
        for name in (settings.policy, settings.contract)
        if name is not None and name.endswith(_FILES)
        for suffix in _FILES
    ]
    return Sources(on=on, files=tuple((str(each), _digest(each)) for each in named))


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


@attrs.frozen(kw_only=True, eq=False)
class Adopted:
    """Statute, policy and contract: all must permit, and the shortest period counts.

    Attributes:
        terms: the policy and the contract, where there are any.
        limit: the one read limit, and who sets it.
        rules: the statute first; without a moratorium.
        suspended: the same, with the council's moratorium beside them.
    """

    profile: Profile
    terms: tuple[Terms, ...]
    limit: Limit
    rules: RuleBook = attrs.field(init=False)
    suspended: RuleBook = attrs.field(init=False)

    @rules.default
    def _book(self) -> RuleBook:
        return RuleBook(sets=(self.profile.rules, *(each.rules for each in self.terms)))

    @suspended.default
    def _under_a_moratorium(self) -> RuleBook:
        return beside_a_moratorium(self.rules, self.profile.custodian)

    @property
    def edge_only(self) -> bool:
        """Whether policy or contract keep on the box what hit nothing."""
        return any(each.edge_only for each in self.terms)

    @property
    def retention(self) -> Retention:
        """The read limit, as deletion goes by it."""
        return Retention(self.limit.limit)

    @property
    def texts(self) -> dict[str, str]:
        """The text of each set of rules, by who stands behind it."""
        return {
            f"{Kind.STATUTE} {self.profile.code}": self.profile.rules.text,
            **{f"{each.kind} {each.code}": each.rules.text for each in self.terms},
        }


@lru_cache(maxsize=16)
def beside_a_moratorium(book: RuleBook, custodian: str) -> RuleBook:
    """Rules with those that are read beside them while a council suspends."""
    return RuleBook(sets=(*book.sets, load_policy("moratorium", custodian=custodian)))


def adopt(settings: Settings, *, on: date) -> Adopted:
    """Load all that is in force for an agency on a day.

    Raises:
        UnknownJurisdictionError: the state has no profile.
        NotInForceError: none of it is in force on that day.
        UnknownPolicyError: the policy or the contract is not there.
        BrokenPolicyError: rules cannot be relied on.
        BrokenProfileError: numbers cannot be read.
    """
    profile = load_profile(settings.jurisdiction, on=on)
    custodian = profile.custodian
    terms: list[Terms] = []
    if settings.policy is not None:
        terms.append(load_terms(settings.policy, custodian=custodian))
    if settings.contract is not None:
        found = load_terms(settings.contract, custodian=custodian)
        terms.append(attrs.evolve(found, kind=Kind.CONTRACT))
    return Adopted(
        profile=profile,
        terms=tuple(terms),
        limit=strictest(profile, terms, own=settings.keep),
    )


@attrs.frozen(kw_only=True)
class NotAdopted:
    """Rules that were refused; those before them go on.

    Attributes:
        says: what is wrong, in a sentence, with file and line where it is a file.
        file: its name, without its folder; empty where it is no file.
        line: from 1; 0 where nobody can say.
        word: what is not understood; may be empty.
    """

    at: datetime
    says: str
    hint: str
    file: str = ""
    line: int = 0
    word: str = ""


@attrs.define(eq=False)
class Doors:
    """Lets so many through in a span of time, whoever they are."""

    _let_in: list[datetime] = attrs.field(factory=list)

    def admits(self, at: datetime, most: int, span: timedelta) -> bool:
        """Whether one more may come in now; if so, it counts."""
        self._let_in = [each for each in self._let_in if at - span < each <= at]
        if len(self._let_in) >= most:
            return False
        self._let_in.append(at)
        return True


@attrs.define(eq=False)
class LawInForce:
    """What is in force just now: one object for all copies of an agency.

    Every attribute is replaced whole, so any thread may read it.

    Attributes:
        adopted: None where an agency was put together by hand, as tests do.
        refused: rules that were offered since and cannot be used; None: none.
        council: how the council's moratorium stands.
        doors: for orders of a council that carry no good signature.
    """

    adopted: Adopted | None = None
    refused: NotAdopted | None = None
    council: CouncilStanding = NO_COUNCIL
    doors: Doors = attrs.field(factory=Doors)
    _turn: Lock = attrs.field(factory=Lock, init=False)

    def stands(self, council: CouncilStanding) -> None:
        """Put in force how the council's orders stand; what is older is left out.

        Whoever looked before an order was carried out may be late to say what it saw.
        """
        with self._turn:
            if council.last >= self.council.last:
                self.council = council
