"""Know who sends a request, before its body is read."""

from uuid import UUID

from charteroak.core.http_signature import (
    HttpMessage,
    HttpSignatureError,
    verify_head,
)
from charteroak.server.agency import Agency
from charteroak.server.senders import (
    RevokedBoxError,
    Sender,
    TurnedAway,
    Why,
    turn_away,
)
from charteroak.server.store import boxes


def meet_sender(agency: Agency, request: HttpMessage) -> Sender | TurnedAway:
    """Know who sends, before the body is read; whoever is no box of ours is refused.

    Args:
        agency: whose box it must be.
        request: method, address and headers, as the box addressed them.

    Raises:
        StoreUnavailableError: nobody can be known now.
    """
    now = agency.clock()
    try:
        return _known(agency, request)
    except (RevokedBoxError, HttpSignatureError) as refused:
        revoked = isinstance(refused, RevokedBoxError)
        why = Why.REVOKED if revoked else Why.UNAUTHENTIC
        with agency.database.ingests() as tx:
            return turn_away(tx, why, refused, at=now)


def _known(agency: Agency, request: HttpMessage) -> Sender:
    found: list[boxes.StoredBox] = []

    def key_of(key_id: str) -> bytes | None:
        box = _find_box(agency, key_id)
        if box is None:
            return None
        found.append(box)
        return box.public_key

    head = verify_head(request, resolve_key=key_of)
    (box,) = found
    if box.revoked_at is not None:
        raise RevokedBoxError("the box was revoked")
    return Sender(box=box, head=head)


def _find_box(agency: Agency, key_id: str) -> boxes.StoredBox | None:
    try:
        box_id = UUID(key_id)
    except ValueError:
        return None
    # One spelling only, of the many that a UUID has.
    if str(box_id) != key_id:
        return None
    with agency.database.ingests() as tx:
        return boxes.find(tx, box_id)
