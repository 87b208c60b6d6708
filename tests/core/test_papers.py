"""A paper is worth what it says, at the moment of asking."""

from datetime import UTC, datetime, timedelta
from itertools import combinations, product

import attrs
import pytest

from charteroak.core.codes import Declared, Process
from charteroak.core.papers import (
    LARGEST_SCAN,
    Declaration,
    Issuer,
    Paper,
    Pledge,
    UnusableScanError,
    legal_process,
    scan_type,
)

SIGNED = datetime(2026, 10, 1, 9, tzinfo=UTC)
ENDS = datetime(2027, 10, 1, tzinfo=UTC)
DECLARED = Declaration(
    agency="Town of Example, Rhode Island",
    signer="A. Chief, chief of police",
    signed_at=SIGNED,
    ends_at=ENDS,
    pledges=frozenset(Pledge),
)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("at", "worth"),
    [
        (SIGNED - SECOND, Declared.NONE),
        (SIGNED, Declared.VALID),
        (ENDS - SECOND, Declared.VALID),
        (ENDS, Declared.EXPIRED),
    ],
)
def test_a_declaration_holds_from_its_signing_until_it_ends(
    at: datetime, worth: Declared
) -> None:
    assert DECLARED.code(at) is worth


def test_all_three_pledges_or_none() -> None:
    for count in range(3):
        for pledges in combinations(Pledge, count):
            fewer = attrs.evolve(DECLARED, pledges=frozenset(pledges))
            assert fewer.code(SIGNED) is Declared.NONE


def test_nobody_signed_is_none_and_withdrawn_is_over() -> None:
    assert attrs.evolve(DECLARED, signer=" ").code(SIGNED) is Declared.NONE
    withdrawn = attrs.evolve(DECLARED, withdrawn_at=SIGNED + SECOND)
    assert withdrawn.code(SIGNED) is Declared.VALID
    assert withdrawn.code(SIGNED + SECOND) is Declared.EXPIRED


def test_only_a_judge_signs_a_warrant() -> None:
    warrants = {
        (paper, issuer)
        for paper, issuer in product(Paper, Issuer)
        if legal_process(paper, issuer) is Process.JUDICIAL_WARRANT
    }

    assert warrants == {(Paper.WARRANT, Issuer.JUDGE)}
    for paper in Paper:
        by_agency = legal_process(paper, Issuer.AGENCY)
        assert by_agency is Process.ADMINISTRATIVE_WARRANT


def test_a_scan_is_told_by_its_first_bytes() -> None:
    assert scan_type(b"\xff\xd8\xff\xe0 a photograph") == "image/jpeg"
    assert scan_type(b"\x89PNG\r\n\x1a\n a picture") == "image/png"
    for wrong in (b"", b"MZ a program.pdf", b"%PDF-" + bytes(LARGEST_SCAN)):
        with pytest.raises(UnusableScanError):
            scan_type(wrong)
