"""One agency, with all that its actions need: handed to each as its first argument.

Nothing here reads a clock or draws a random number by itself: both are attributes, set
by `bootstrap` in the server and by the tests in a test.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs

from charteroak.core.case_file import Cases
from charteroak.core.decision_table import Table, decide_twice
from charteroak.core.hotlist import ListClass
from charteroak.core.keeping import Mode, mode_of, stricter
from charteroak.core.list_rules import refused_classes
from charteroak.core.log_record import Draft
from charteroak.core.moratorium import NO_COUNCIL, CouncilStanding
from charteroak.core.people import Act
from charteroak.core.policy import Denial, Permit, Request, RuleBook
from charteroak.core.retention import Retention
from charteroak.core.sealed import LogReceipt
from charteroak.law.compiling import tables_about
from charteroak.law.profile import Limit, Profile, Terms, strictest_for_papers
from charteroak.server.law_in_force import LawInForce, beside_a_moratorium
from charteroak.server.settings import Settings, split
from charteroak.server.store import log
from charteroak.server.store.database import Changes, Database, Ingests, Purges
from charteroak.server.vault.box_lists import BoxLists
from charteroak.server.vault.disk import Disk, DiskFullError, disk_of
from charteroak.server.vault.hot_file import HotFile
from charteroak.server.vault.keys import Keys
from charteroak.server.vault.pictures import Pictures

_LOG: Final = logging.getLogger(__name__)


@attrs.frozen(kw_only=True, eq=False)
class Agency:
    """One custodian of reads, its rules, its store and its vault.

    Attributes:
        settings: as the administrator set them.
        profile: the law in force for it.
        rules: what decides: the statute, the agency's own policy and its contract where
            it has them, and the council's moratorium while that lasts.
        retention: the one read limit: the strictest of law and settings.
        database: its schema, by role.
        keys: secrets that lie outside the database.
        pictures: encrypted pictures.
        hot_file: digests of the hot lists, for the matcher.
        clock: the present moment, with a zone.
        entropy: so many fresh random bytes.
        cases: how it numbers its cases, and who knows them.
        tables: of rules about an act, each answer; made when first needed.
        edge_only: whether its policy or contract says in its numbers that what hit
            nothing may not leave a box; the statute says so itself.
        box_lists: the list that boxes compare with, ready to be given.
        terms: its policy and its contract, where it has them.
        council: how the council's orders stood when this copy was made.
        law: what is in force just now; one object for all copies.
    """

    settings: Settings
    profile: Profile
    rules: RuleBook
    retention: Retention
    database: Database
    keys: Keys
    pictures: Pictures
    hot_file: HotFile
    clock: Callable[[], datetime]
    entropy: Callable[[int], bytes]
    cases: Cases = attrs.field(factory=Cases)
    tables: Callable[[RuleBook, str, Act], tuple[Table, ...]] = tables_about
    edge_only: bool = False
    box_lists: BoxLists = attrs.field(factory=BoxLists, repr=False)
    terms: tuple[Terms, ...] = ()
    council: CouncilStanding = NO_COUNCIL
    law: LawInForce = attrs.field(factory=LawInForce, repr=False)

    def in_force(self) -> "Agency":
        """A copy under the rules that are in force at this moment, and stays so.

        Whatever takes a request or begins a duty works with such a copy: so it is
        finished under the rules it was begun with.
        """
        adopted, council = self.law.adopted, self.law.council
        if adopted is None:
            # Put together by hand, it has its rules from there; only once a moratorium.
            sets = self.rules.sets[:-1] if self.council.suspended else self.rules.sets
            rules = self.rules if sets == self.rules.sets else RuleBook(sets=sets)
            if council.suspended:
                rules = beside_a_moratorium(rules, self.profile.custodian)
            return attrs.evolve(self, council=council, rules=rules)
        return attrs.evolve(
            self,
            council=council,
            profile=adopted.profile,
            rules=adopted.suspended if council.suspended else adopted.rules,
            terms=adopted.terms,
            edge_only=adopted.edge_only,
            retention=adopted.retention,
        )

    @property
    def zone(self) -> ZoneInfo:
        """The zone of its clocks on the wall."""
        return ZoneInfo(self.settings.time_zone)

    @property
    def papers_term(self) -> Limit:
        """How long papers of the disclosure desk are kept once all is answered."""
        return strictest_for_papers(
            self.profile, self.terms, own=self.settings.keep_papers
        )

    @property
    def emergencies(self) -> frozenset[str]:
        """Purposes for which somebody may search before there is a case number."""
        return frozenset(split(self.settings.emergency_purposes))

    @property
    def mode(self) -> Mode:
        """What may be kept of what cameras read: the strictest of all that say so."""
        ruled = mode_of(self.rules, self.profile.custodian)
        numbered = self.edge_only or self.profile.edge_only
        return stricter(ruled, Mode.EDGE_ONLY) if numbered else ruled

    @property
    def refused_lists(self) -> Mapping[ListClass, Denial]:
        """The classes of hot lists that no read is held against, with what says so."""
        return refused_classes(self.rules, self.profile.custodian)

    @property
    def disk(self) -> Disk:
        """The disk of its data folder, as it is now."""
        return disk_of(self.settings.data)

    def check_room(self) -> None:
        """See that there is room for more reads.

        Raises:
            DiskFullError: there is none.
        """
        if self.disk.full:
            raise DiskFullError("the disk is full")

    def new_id(self) -> UUID:
        """A fresh random identifier (RFC 9562, version 4)."""
        return UUID(bytes=self.entropy(16), version=4)

    def record(self, tx: Ingests | Changes | Purges, draft: Draft) -> LogReceipt:
        """Write a record of the log in the transaction of what it records."""
        return log.append(tx, draft, entropy=self.entropy)

    def decide_leaving(self, request: Request) -> Permit | Denial:
        """Decide what leaves the house: by the rules and by their tables, alike or not.

        The first decision about an act makes the tables, and takes a while longer. Where
        the two do not agree, or a rule is broken, the answer is no, and is told of.
        """
        tables = self.tables(self.rules, self.profile.custodian, request.act)
        decision = decide_twice(self.rules, tables, request)
        if isinstance(decision, Denial) and decision.alarming:
            rules = ", ".join(rule.rule_id for rule in decision.because)
            _LOG.error("%s is refused, the rules need repair: %s", request.act, rules)
        return decision

    def covered(self, receipt: LogReceipt) -> bool:
        """Whether an answer that waits for this record may be opened.

        For now: when the record is committed and durable.
        """
        with self.database.audits() as tx:
            return log.holds(tx, receipt)
