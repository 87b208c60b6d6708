"""Put the rules in force that the settings name, or keep the last good ones and say so.

Nothing changes without its record: the rules are replaced once it is durable.
"""

import logging
import re
from datetime import datetime
from pathlib import Path
from typing import Final

from charteroak.core.errors import CharterOakError
from charteroak.core.log_record import Draft, RecordKind
from charteroak.law.changing import Changed, changed
from charteroak.law.numbers import BrokenProfileError
from charteroak.law.rule_text import BrokenPolicyError
from charteroak.server.agency import Agency
from charteroak.server.law_in_force import Adopted, NotAdopted, Sources, adopt
from charteroak.server.store import adopted as kept
from charteroak.server.store.adopted import Before

log = logging.getLogger(__name__)

_FILE_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")


def settle_rules(agency: Agency, found: Sources) -> None:
    """Load the rules anew and put them in force.

    What is broken is recorded (`rules.refused`) and the last good rules go on; what is
    good and other than what was recorded last is recorded (`rules.changed`), with what it
    changes in words, and then replaces what was in force, in one step.

    Args:
        agency: whose.
        found: what the rules are made from now.

    Raises:
        StoreUnavailableError: nothing could be recorded, and nothing was changed.
    """
    now = agency.clock()
    try:
        new = adopt(agency.settings, on=found.on)
    except CharterOakError as refused:
        _refuse(agency, refused, at=now)
        return
    _record(agency, new, at=now)
    agency.law.adopted = new
    agency.law.refused = None


def _record(agency: Agency, new: Adopted, *, at: datetime) -> None:
    fingerprint = new.rules.fingerprint
    with agency.database.changes() as tx:
        last = kept.last(tx)
    if last is not None and _same(last, new):
        return
    # Seconds, where a statute changed: no transaction waits for it.
    words = _in_words(last, new)
    with agency.database.changes() as tx:
        kept.alone(tx)
        last = kept.last(tx)
        if last is not None and _same(last, new):
            return
        receipt = agency.record(
            tx,
            Draft(
                kind=RecordKind.RULES_CHANGED,
                at=at,
                public={
                    "before": last.fingerprint if last is not None else "",
                    "after": fingerprint,
                    "sets": list(new.texts),
                    "limit_s": int(new.limit.limit.total_seconds()),
                    "requests": words.requests,
                    "changes": list(words.says),
                },
            ),
        )
        kept.add(
            tx,
            at=at,
            fingerprint=fingerprint,
            texts=new.texts,
            record_id=receipt.record_id,
        )
    if last is not None:
        log.warning(
            "the rules have changed: %d requests are answered otherwise; policy %s",
            words.requests,
            fingerprint,
        )


def _same(last: Before, new: Adopted) -> bool:
    return last.fingerprint == new.rules.fingerprint and last.texts == new.texts


def _in_words(last: Before | None, new: Adopted) -> Changed:
    if last is None:
        return Changed(says=(), requests=0)
    return changed(last.texts, new.texts, custodian=new.profile.custodian)


def _refuse(agency: Agency, refused: CharterOakError, *, at: datetime) -> None:
    """Say what is wrong, and where; the word itself may be anything, so it is private."""
    file, line, word = "", 0, ""
    if isinstance(refused, BrokenPolicyError | BrokenProfileError):
        file, line, word = Path(refused.file).name, refused.line, refused.word
    with agency.database.changes() as tx:
        agency.record(
            tx,
            Draft(
                kind=RecordKind.RULES_REFUSED,
                at=at,
                public={
                    "why": refused.code,
                    "file": file if _FILE_NAME.fullmatch(file) else "",
                    "line": line,
                    "policy": agency.in_force().rules.fingerprint,
                },
                private={"word": word, "says": str(refused)},
            ),
        )
    agency.law.refused = NotAdopted(
        at=at, says=str(refused), hint=refused.hint, file=file, line=line, word=word
    )
    where = f" in line {line}" if line else ""
    log.error(
        "new rules were refused%s, the last good ones go on: %s", where, refused.code
    )
