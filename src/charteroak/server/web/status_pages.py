"""The status page: is every duty done, and what to do when one is late."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from charteroak.core.duty import Duty, every
from charteroak.core.people import Act
from charteroak.server.actions.see_status import SHARED_USER, Trouble, see_status
from charteroak.server.web.render import page
from charteroak.server.web.session import Session, TheAgency, may
from charteroak.server.web.text import later

router = APIRouter()

NAMES: Final = {
    Duty.PURGE_READS: later("Delete reads that are due"),
    Duty.PURGE_PAPERS: later("Delete papers of requests that are due"),
    Duty.MAKE_BUCKETS: later("Make room for coming reads"),
    Duty.END_ENTRIES: later("End plates of our own on their day"),
    Duty.END_HOLDS: later("End holds on their day"),
    Duty.KEEP_HOLDS: later("Copy what holds ask for"),
    Duty.REFRESH_MATCHER: later("Refresh the matcher's copy of the hot lists"),
    Duty.REPORT_EMERGENCIES: later("Report emergency searches without a case"),
    Duty.TIDY_UP: later("Tidy up sessions, codes and old receipts"),
}

WHEN_LATE: Final = {
    Duty.PURGE_READS: later(
        "Reads that are due may still be there. Check that the disk is neither full nor "
        "read-only, and that the server runs; deletion is tried again every half minute."
    ),
    Duty.PURGE_PAPERS: later(
        "Papers whose term is over may still be in the database's files. It is tried "
        "again every half minute."
    ),
    Duty.MAKE_BUCKETS: later(
        "New reads may soon find no place. Boxes keep them meanwhile; nothing is lost."
    ),
    Duty.END_ENTRIES: later(
        "Plates whose day has come match nothing; they may still be in the database."
    ),
    Duty.END_HOLDS: later("Copies of ended holds may still be there."),
    Duty.KEEP_HOLDS: later("Reads that a hold asks for may be deleted on their day."),
    Duty.REFRESH_MATCHER: later(
        "Entries are looked up in the database instead; matching is slower and complete."
    ),
    Duty.REPORT_EMERGENCIES: later(
        "A search that nobody bound to a case may not be reported yet. Supervisors see "
        "all that are open under Oversight."
    ),
    Duty.TIDY_UP: later("Nothing urgent; it is tried again every half minute."),
}

BROKEN: Final = {
    "commits_lost": later(
        "A power cut may undo what was acknowledged to boxes, or a search's record. Set "
        "fsync, full_page_writes and synchronous_commit to on, also for its databases "
        "and roles."
    ),
    "copied_elsewhere": later(
        "A standby or subscriber keeps a copy of changes that this server cannot empty."
    ),
    "parameters_logged": later(
        "The database may write searched plates into its log. Set "
        "log_parameter_max_length and log_parameter_max_length_on_error to 0."
    ),
    "statements_logged": later(
        "The database may write statements with plates into its log. Set log_statement "
        "= none, log_min_messages = log, log_min_error_statement = panic, "
        "log_min_duration_statement = -1, log_min_duration_sample = -1 and "
        "log_transaction_sample_rate = 0, also for its databases and roles."
    ),
    "wal_archived": later(
        "The write-ahead log is archived: deleted reads live on there. Set archive_mode "
        "= off."
    ),
    "wal_kept": later(
        "Old files of the write-ahead log are kept, with deleted reads in them. Set "
        "wal_keep_size = 0."
    ),
    "wal_not_emptied": later(
        "This database does not let us empty its write-ahead log after a deletion. A "
        "superuser must grant pg_checkpoint and pg_switch_wal() to the purging role."
    ),
    "wal_recycled": later(
        "Old files of the write-ahead log are used again with deleted reads still in "
        "them. Set wal_recycle = off and min_wal_size = 32MB."
    ),
}

TROUBLES: Final = {
    Trouble.BOX_DISK_LOW: later(
        "The disk of a box is nearly full. Make room there: when it is full, no more "
        "reads wait in its queue."
    ),
    Trouble.BOX_LOSES_READS: later(
        "A box has lost reads within a day: its queue was full, or they were due before "
        "they could be sent. Look at its network first."
    ),
    Trouble.BOX_MEMORY: later(
        "A box must forget what hits nothing, and its memory may be written to its disk. "
        "Turn its swap off with swapoff -a, or run it as the service that comes with it."
    ),
    Trouble.BOX_NO_LIST: later(
        "A box that keeps hits alone has no hot list in force, so it finds no car. Look "
        "at its network; if that is well, load the hot lists anew."
    ),
    Trouble.BOX_QUEUE_OLD: later(
        "Reads wait in a box for longer than they should. They are safe there until they "
        "are due; if this does not pass by itself, the box's log says what holds them up."
    ),
    Trouble.BOX_SILENT: later(
        "There is no word from a box. Look at its power and its network; it keeps its "
        "reads until they are due."
    ),
    Trouble.CAMERA_NO_PICTURE: later(
        "A camera gives no picture, so it reads nothing. Look at its power and its "
        "network; the Cameras page says what its box finds."
    ),
    Trouble.CERTIFICATE_EXPIRED: later(
        "The server's certificate has expired: browsers warn, and boxes keep their reads "
        "and send nothing. Renew it; the server takes the new files up by itself."
    ),
    Trouble.CERTIFICATE_EXPIRES_SOON: later(
        "The server's certificate expires within three weeks. Renew it; the server takes "
        "the new files up by itself."
    ),
    Trouble.CERTIFICATE_UNUSABLE: later(
        "The files of the server's certificate cannot be used. The server goes on with "
        "what it has until it is started again. Put a certificate and its key there."
    ),
    Trouble.DISK_FULL: later(
        "The disk is full: no new read is taken in, and no alert can be raised. Nothing "
        "is lost: boxes keep their reads, and what is stored stays. The last room is "
        "kept for deleting what is due. Make room on the disk of the data folder, or "
        "move the folder to a larger disk; then all goes on by itself."
    ),
    Trouble.DISK_LOW: later(
        "The disk of the data folder is nearly full. Make room, or move the folder to a "
        "larger disk: when it is full no more reads are taken in."
    ),
    Trouble.RULES_REFUSED: later(
        "The file of a policy or a contract cannot be used; the last good rules go on. "
        "The Rules page names the file, the line and the word. Repair it: it is read "
        "again by itself."
    ),
}
"""What needs a person, by code."""

NOTES: Final = {
    SHARED_USER: later(
        "The database runs as the user nobody. Other programs on this machine may run as "
        "nobody too, and could then read its files. Make a system user named charteroak "
        "before the first start; on a server that has run already, stop it and give that "
        "user the folders pgdata and run below the database folder."
    ),
}
"""What could be better, by code; it breaks no promise by itself."""

REFUSED: Final = {
    "charteroak.batch.conflict": later(
        "A number that was used before, for other reads or long ago"
    ),
    "charteroak.batch.forged": later("A batch that was altered or signed by another"),
    "charteroak.batch.foreign-camera": later(
        "A read of a camera that is not the box's"
    ),
    "charteroak.batch.impossible-time": later("A read with an impossible time"),
    "charteroak.batch.not-kept": later(
        "A read that hit nothing, which nobody may keep here: forgotten at once"
    ),
    "charteroak.batch.reused-nonce": later("A request sent a second time"),
    "charteroak.batch.revoked-box": later("A request of a revoked box"),
    "charteroak.batch.unopenable-envelope": later("A read sealed for somebody else"),
    "charteroak.batch.unreadable": later("A batch that cannot be read"),
    "charteroak.batch.unreadable-read": later("A read that cannot be read"),
    "charteroak.enrolment.unreadable": later("A request to enrol that cannot be read"),
    "charteroak.enrolment.unusable-key": later("A box with a key that cannot be used"),
    "charteroak.enrolment.wrong-code": later("A wrong, used or expired code for a box"),
    "charteroak.http-signature.unknown-key": later("A request of an unknown box"),
    "charteroak.report.foreign-camera": later(
        "A report on a camera that is not the box's"
    ),
    "charteroak.report.unreadable": later("A report that cannot be read"),
}
"""What was turned away, by code; all others are requests with a bad signature."""

OTHER_REFUSED: Final = later("A request without a good signature")


@router.get("/status")
def status(
    request: Request,
    agency: TheAgency,
    session: Annotated[Session, Depends(may(Act.SEE_STATUS))],
) -> Response:
    """Show duties, promises and a day's figures."""
    del session
    seen = see_status(agency)
    return page(
        request,
        "status.html",
        {
            "status": seen,
            "duties": sorted(
                seen.duties, key=lambda line: list(NAMES).index(line.duty)
            ),
            "names": NAMES,
            "when_late": WHEN_LATE,
            "broken": BROKEN,
            "notes": NOTES,
            "troubles": TROUBLES,
            "refused": REFUSED,
            "other_refused": OTHER_REFUSED,
            "every": {duty: every(duty, seen.granule) for duty in Duty},
        },
    )
