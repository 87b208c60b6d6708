"""Delete papers of the disclosure desk when their term is over.

The term counts from when nothing stands on a paper any more: the answer to its request,
or the end of its declaration. What it was, its SHA-256 and the decision stay on record.
"""

from charteroak.core.disclosure import PaperKind
from charteroak.core.log_record import Draft, RecordKind
from charteroak.server.agency import Agency
from charteroak.server.store import erasure, papers


def purge_papers(agency: Agency) -> int:
    """Delete every paper that is due, from the table's file and its log as well.

    What is deleted and what is owed for it stand in one transaction, so whatever breaks
    off is taken up by the next run.

    Returns:
        How many papers went.

    Raises:
        TableBusyError: somebody reads the table; what was deleted is still in its file.
        StoreUnavailableError: the database broke off; what is committed stays done.
    """
    now, term = agency.clock(), agency.papers_term
    with agency.database.purges() as tx:
        gone = papers.forget_due(tx, ended_by=now - term.limit, at=now)
        if gone:
            agency.record(
                tx,
                Draft(
                    kind=RecordKind.PAPERS_PURGED,
                    at=now,
                    public={
                        **{kind.value: gone.get(kind, 0) for kind in PaperKind},
                        "term_days": term.limit.days,
                        "because": term.because,
                    },
                ),
            )
    with agency.database.purges() as tx:
        erasure.rewrite_papers(tx)
    with agency.database.purges() as tx:
        erasure.flush(tx)
    return sum(gone.values())
