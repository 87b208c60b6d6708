"""The worker: drives every duty when it is due, and keeps the database up.

A duty that fails is written down, told to the log and tried again in half a minute; no
failure stops the others. The table of duties is the truth, so a second worker, or a
restart, changes nothing but who does it.

Duties have one thread. A second one looks every second at what the council ordered and
at the files of the rules: a moratorium does not wait for a purge.
"""

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from charteroak.core.duty import Duty
from charteroak.core.errors import CharterOakError
from charteroak.law.profile import Limit
from charteroak.server.actions.approve_hold import keep_spans
from charteroak.server.actions.end_entries import end_entries
from charteroak.server.actions.end_holds import end_holds
from charteroak.server.actions.load_hotlist import rebuild_hot_file
from charteroak.server.actions.make_buckets import make_buckets
from charteroak.server.actions.note_duty import note_duty, standing
from charteroak.server.actions.note_retention import note_retention
from charteroak.server.actions.purge_papers import purge_papers
from charteroak.server.actions.purge_reads import purge_reads
from charteroak.server.actions.recall_council import look_at_council
from charteroak.server.actions.report_emergencies import report_emergencies
from charteroak.server.actions.settle_rules import settle_rules
from charteroak.server.actions.tidy_up import tidy_up
from charteroak.server.agency import Agency
from charteroak.server.law_in_force import Sources, sources, today

log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 1.0
_AFTER_TROUBLE_S: Final = 3.0

Poll = Callable[[], bool]
"""Makes sure that the database runs; says whether it had to be started again."""


def perform(agency: Agency, duty: Duty) -> int:  # noqa: C901, PLR0911  (each duty)
    """Do one duty once.

    Returns:
        How many things it did.
    """
    match duty:
        case Duty.PURGE_READS:
            purged = purge_reads(agency)
            if purged.opened:
                make_buckets(agency)
            return purged.buckets
        case Duty.PURGE_PAPERS:
            return purge_papers(agency)
        case Duty.MAKE_BUCKETS:
            return make_buckets(agency)
        case Duty.END_ENTRIES:
            return end_entries(agency)
        case Duty.END_HOLDS:
            return end_holds(agency)
        case Duty.KEEP_HOLDS:
            return keep_spans(agency)
        case Duty.REFRESH_MATCHER:
            return rebuild_hot_file(agency)
        case Duty.REPORT_EMERGENCIES:
            return report_emergencies(agency)
        case Duty.TIDY_UP:
            return tidy_up(agency)


class LawWatch:
    """Keeps this process under the rules and orders that are in force."""

    def __init__(self, agency: Agency) -> None:
        """Take an agency."""
        self._agency = agency
        self._settled: Sources | None = None
        self._seen: Sources | None = None
        self._asked = threading.Event()
        self._rules = agency.in_force().rules
        self._noted: Limit | None = None

    def ask(self) -> None:
        """Load the rules anew at the next look, also where no file changed."""
        self._asked.set()

    def look(self) -> None:
        """Take up what changed, and what an earlier look could not finish.

        A file counts when it is the same at two looks: one that is half written could
        be a rule short.
        """
        agency = self._agency
        look_at_council(agency)
        found = sources(agency.settings, on=today(agency.settings, agency.clock()))
        still, self._seen = found == self._seen, found
        if self._asked.is_set() or (found != self._settled and still):
            self._settle(found)
        now, adopted = agency.in_force(), agency.law.adopted
        if now.rules is not self._rules:
            rebuild_hot_file(now)
            self._rules = now.rules
        if adopted is not None and adopted.limit != self._noted:
            note_retention(now, adopted.limit)
            make_buckets(now)
            self._noted = adopted.limit

    def _settle(self, found: Sources) -> None:
        asked = self._asked.is_set()
        # Before the files are read: who asks in the meantime is heard at the next look.
        self._asked.clear()
        try:
            settle_rules(self._agency, found)
        except BaseException:
            if asked:
                self._asked.set()
            raise
        self._settled = found


class Worker:
    """Does the duties of an agency while its block lasts."""

    def __init__(self, agency: Agency, *, revive: Poll = lambda: False) -> None:
        """Take an agency.

        Args:
            agency: whose duties.
            revive: called before every look; starts the database again if it died.
        """
        self._agency = agency
        self._revive = revive
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker")
        self.law = LawWatch(agency)
        self._watcher = threading.Thread(target=self._watch, name="law")

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        self._watcher.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish the duty in hand, then stop."""
        self._stop.set()
        self._thread.join()
        self._watcher.join()

    @property
    def lives(self) -> bool:
        """Whether its threads run."""
        return self._thread.is_alive() and self._watcher.is_alive()

    def _watch(self) -> None:
        while not self._stop.is_set():
            pause = _LOOK_EVERY_S
            try:
                self.law.look()
            except CharterOakError as trouble:
                log.error("rules: %s (%s)", trouble, trouble.code)  # noqa: TRY400 - a traceback may carry a value
                pause = _AFTER_TROUBLE_S
            except Exception as trouble:  # noqa: BLE001 - who does not look misses an order
                log.error("rules: unexpected: %s", type(trouble).__name__)  # noqa: TRY400 - as above
                pause = _AFTER_TROUBLE_S
            self._stop.wait(pause)

    def _run(self) -> None:
        while not self._stop.is_set():
            pause = _LOOK_EVERY_S
            try:
                if self._revive():
                    log.warning("the database had stopped and was started again")
                self.look()
            except CharterOakError as trouble:
                # The book itself cannot be read or written: lateness shows by itself.
                log.error("duties: %s (%s)", trouble, trouble.code)  # noqa: TRY400 - a traceback may carry a value
                pause = _AFTER_TROUBLE_S
            except Exception as trouble:  # noqa: BLE001 - a dead worker forgets nothing
                log.error("duties: unexpected: %s", type(trouble).__name__)  # noqa: TRY400 - as above
                pause = _AFTER_TROUBLE_S
            self._stop.wait(pause)

    def look(self) -> None:
        """Do every duty that is due now."""
        now = self._agency.clock()
        book = standing(self._agency)
        for duty in Duty:
            state = book.get(duty)
            if state is not None and state.next_due_at > now:
                continue
            if self._stop.is_set():
                return
            self._do(duty)

    def _do(self, duty: Duty) -> None:
        try:
            done = perform(self._agency.in_force(), duty)
        except CharterOakError as trouble:
            log.error("%s failed: %s (%s)", duty, trouble, trouble.code)  # noqa: TRY400 - a traceback may carry a value
            note_duty(self._agency, duty, done=None, trouble=str(trouble))
        except Exception as trouble:  # noqa: BLE001 - no duty may stop the others
            # Only the kind of it: its text may carry a value.
            kind = type(trouble).__name__
            log.error("%s failed: %s", duty, kind)  # noqa: TRY400 - as above
            note_duty(self._agency, duty, done=None, trouble=f"unexpected: {kind}")
        else:
            note_duty(self._agency, duty, done=done, trouble="")
