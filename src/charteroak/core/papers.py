"""What another agency brings: a written declaration, a paper of a court or of its own.

The rules decide by a code; it is worked out here, once, from what the paper says.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from charteroak.core.codes import Declared, Process
from charteroak.core.errors import CharterOakError
from charteroak.core.time import aware


class Pledge(StrEnum):
    """What a declaration must promise that the reads are not used for."""

    GENDER_AFFIRMING_CARE = "gender_affirming_care"
    IMMIGRATION = "immigration"
    REPRODUCTIVE_CARE = "reproductive_care"


ALL_PLEDGES: Final = frozenset(Pledge)


@attrs.frozen(kw_only=True)
class Declaration:
    """A written declaration of an agency about what it uses reads for.

    Attributes:
        agency: who declares.
        signer: the person who signed, with their office; empty where nobody did.
        signed_at: when.
        ends_at: first moment at which it no longer holds.
        pledges: what it promises; all three, or it is none.
        withdrawn_at: when it was taken back, if it was.
    """

    agency: str
    signer: str
    signed_at: datetime = attrs.field(validator=aware)
    ends_at: datetime = attrs.field(validator=aware)
    pledges: frozenset[Pledge]
    withdrawn_at: datetime | None = attrs.field(
        default=None, validator=attrs.validators.optional(aware)
    )

    def code(self, at: datetime) -> Declared:
        """What it is worth at a moment; asked again at every step of a request.

        A paper without a signer, without all three pledges or with a date of signing in
        the future is no declaration; one that has ended or was withdrawn is expired.
        """
        if not self.signer.strip() or self.pledges != ALL_PLEDGES:
            return Declared.NONE
        if at < self.signed_at:
            return Declared.NONE
        ended = self.withdrawn_at is not None and self.withdrawn_at <= at
        return Declared.EXPIRED if ended or at >= self.ends_at else Declared.VALID


class Paper(StrEnum):
    """What a paper calls itself."""

    ORDER = "order"
    SUBPOENA = "subpoena"
    WARRANT = "warrant"


class Issuer(StrEnum):
    """Who issued it: a judge or a court; an attorney or a clerk; an agency itself."""

    AGENCY = "agency"
    ATTORNEY = "attorney"
    JUDGE = "judge"


def legal_process(paper: Paper, issuer: Issuer) -> Process:
    """What a paper counts as; its title alone never makes it a warrant.

    An order that no judge signed orders nothing. Conn. Gen. Stat. 54-192h tells a
    judicial warrant from an administrative one by who signed it; so does this.

    >>> legal_process(Paper.WARRANT, Issuer.AGENCY).value
    'administrative_warrant'
    >>> legal_process(Paper.ORDER, Issuer.ATTORNEY).value
    'none'
    """
    match paper, issuer:
        case Paper.WARRANT, Issuer.JUDGE:
            return Process.JUDICIAL_WARRANT
        case Paper.ORDER, Issuer.JUDGE:
            return Process.COURT_ORDER
        case Paper.SUBPOENA, Issuer.JUDGE | Issuer.ATTORNEY:
            return Process.SUBPOENA
        case _, Issuer.AGENCY:
            return Process.ADMINISTRATIVE_WARRANT
        case _:
            return Process.NONE


LARGEST_SCAN: Final = 10 * 1024 * 1024
"""Bytes of the scan of a paper, at the most."""

_BEGINNINGS: Final = {
    b"%PDF-": "application/pdf",
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
}


class UnusableScanError(CharterOakError):
    """A file that is no scan of a paper."""

    code = "charteroak.paper.unusable-scan"
    hint = "Choose a PDF, JPEG or PNG file of at most 10 MB."


def scan_type(content: bytes) -> str:
    """The media type of a scan, told by its first bytes and never by its name.

    Raises:
        UnusableScanError: empty, too large, or of another kind.

    >>> scan_type(b"%PDF-1.7 ...")
    'application/pdf'
    """
    if len(content) <= LARGEST_SCAN:
        for beginning, media_type in _BEGINNINGS.items():
            if content.startswith(beginning):
                return media_type
    raise UnusableScanError("not the scan of a paper")
