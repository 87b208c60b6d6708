"""Members of a council, with a key each, and what they sign."""

from datetime import datetime
from pathlib import Path

import attrs
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from charteroak.core.codes import Step
from charteroak.core.council_order import CouncilKey, Order, SignedOrder
from charteroak.server.actions.enrol_council import enrol_council
from charteroak.server.actions.recall_council import recall_council
from charteroak.server.actions.take_order import Carried, NotCarried, take_order
from charteroak.server.agency import Agency
from charteroak.server.law_in_force import LawInForce
from tests.support.tables import Tables

REASON = "The council voted 7 to 2 on Monday."


@attrs.frozen(kw_only=True)
class Member:
    """A member of a council, with the secret key that no server ever sees."""

    name: str
    secret: Ed25519PrivateKey = attrs.field(factory=Ed25519PrivateKey.generate)

    @property
    def key(self) -> CouncilKey:
        public = self.secret.public_key().public_bytes_raw()
        return CouncilKey(name=self.name, public_key=public)


MAYA = Member(name="Maya Ortiz")
NOAH = Member(name="Noah Weiss")
ADA = Member(name="Ada Lind")
"""Elected later."""
CLERK = Member(name="Town Clerk (sealed)")
"""A third key, for the day on which another is lost."""
CHIEF, DEPUTY = Member(name="Chief of Police"), Member(name="Deputy")
"""They run the server, and no council gave them a key."""


def enrolled(agency: Agency) -> None:
    """Hold the ceremony."""
    enrol_council(agency, (MAYA.key, NOAH.key))


def an_order(  # noqa: PLR0913  (what an order says, by name)
    agency: Agency,
    step: Step,
    *by: Member,
    to: tuple[Member, ...] = (),
    number: int | None = None,
    at: datetime | None = None,
    reason: str = REASON,
) -> bytes:
    """The file of an order: the next one, drawn up now, unless said otherwise."""
    order = Order(
        agency=agency.settings.agency,
        step=step,
        number=agency.law.council.next_number if number is None else number,
        issued_at=(at or agency.clock()).replace(microsecond=0),
        reason=reason,
        to=tuple(member.key for member in to),
    )
    signed = SignedOrder(order=order, signatures=())
    for member in by:
        signed = signed.signed_by(member.secret)
    return signed.text


def handed_over(agency: Agency, *by: Member, to: tuple[Member, ...]) -> Carried:
    """Have keys handed over."""
    answer = take_order(agency, an_order(agency, Step.HAND_OVER, *by, to=to))
    assert isinstance(answer, Carried)
    return answer


def suspended(agency: Agency) -> None:
    """Have the council suspend, with one of its keys."""
    enrolled(agency)
    answer = take_order(agency, an_order(agency, Step.SUSPEND, MAYA))
    assert isinstance(answer, Carried)


def refused(agency: Agency, order: bytes) -> NotCarried:
    """Bring an order that is not carried out."""
    answer = take_order(agency, order)
    assert isinstance(answer, NotCarried)
    return answer


def reborn(agency: Agency) -> Agency:
    """The agency as the next start, or another process, finds it."""
    again = attrs.evolve(agency, law=LawInForce())
    recall_council(again)
    return again


def holders(agency: Agency) -> list[str]:
    """Whose keys count now."""
    return [each.name for each in agency.law.council.keys]


def slipped_in(tables: Tables, number: int, step: str, content: bytes) -> None:
    """As somebody could who has the database in their hands."""
    tables.change(
        f"INSERT INTO council_orders SELECT {number}, '{step}', max(enrolled_at), "  # noqa: S608
        f"'Never mind.', '\\x{content.hex()}', max(record_id) FROM council_keys"
    )


def council_file(agency: Agency) -> Path:
    """What lies beside the keys."""
    return agency.keys.folder / "council.json"
