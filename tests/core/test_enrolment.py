"""A code is found again however it is typed, and nothing else is a code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charteroak.core.enrolment import (
    CODE_BYTES,
    WrongCodeError,
    hash_code,
    make_code,
)

RANDOM = st.binary(min_size=CODE_BYTES, max_size=CODE_BYTES)


@given(random=RANDOM)
def test_a_code_is_found_again_however_it_is_typed(random: bytes) -> None:
    code = make_code(random)

    assert len(code) == 14
    for typed in [
        code,
        code.lower(),
        code.replace("-", ""),
        f" {code.replace('-', ' ')} ",
        code.replace("0", "O").replace("1", "l"),
        code.replace("1", "I"),
    ]:
        assert hash_code(typed) == hash_code(code)


@given(one=RANDOM, other=RANDOM)
def test_60_bits_tell_codes_apart(one: bytes, other: bytes) -> None:
    same = one[1:] == other[1:] and one[0] & 0x0F == other[0] & 0x0F
    assert (hash_code(make_code(one)) == hash_code(make_code(other))) == same


@pytest.mark.parametrize(
    "typed",
    ["", "0000-0000-000", "0000-0000-00000", "UUUU-UUUU-UUUU", "é" * 12, "0" * 99],
)
def test_what_is_no_code_is_wrong(typed: str) -> None:
    with pytest.raises(WrongCodeError):
        hash_code(typed)
