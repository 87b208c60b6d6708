"""One question to the rules, as a person types it: `disclose requester=NY purpose=arson`."""

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from charteroak.core.codes import (
    ASKED_BY_A_JURISDICTION,
    DECIDED_BY,
    JURISDICTIONS,
)
from charteroak.core.errors import CharterOakError
from charteroak.core.people import Act, Role
from charteroak.core.policy import Request
from charteroak.law.compiling import request_of
from charteroak.law.vocabulary import purpose_of, values

_DEFAULTS: Final[Mapping[str, str]] = {
    "agency_kind": "municipal_police",
    "approval": "none",
    "case": "none",
    "data_kind": "hit",
    "declaration": "none",
    "freshness": "fresh",
    "ground": "none",
    "held": "not_held",
    "keys": "none",
    "legal_process": "none",
    "location": "published",
    "mount": "fixed",
    "place": "road",
    "reach": "within",
    "standing": "sole_owner",
    "step": "suspend",
    "store": "server",
}
"""What is meant where nothing is said; a purpose, an asker and a list are always said."""


class UnclearQuestionError(CharterOakError):
    """A question that names what the vocabulary does not hold, or leaves something out."""

    code = "charteroak.law.unclear-question"
    hint = "`charteroak law explain --help` shows an example."


@attrs.frozen(kw_only=True)
class Question:
    """A question that was understood.

    Attributes:
        assumed: field -> code that was not said.
    """

    request: Request
    assumed: Mapping[str, str]


def understand(act: str, words: Iterable[str], *, custodian: str) -> Question:
    """A question from its words.

    Args:
        act: such as `search_reads`; a dash may stand for the line.
        words: `field=code`; `requester=NY`, `roles=officer,supervisor` and
            `offense=13A` (instead of a purpose) beside the fields of the act.
        custodian: whose reads.

    Raises:
        UnclearQuestionError: a word is not understood, or one is missing.
    """
    asked = _act(act)
    said = dict(_pair(word) for word in words)
    roles = frozenset(_role(each) for each in said.pop("roles", "").split(",") if each)
    requester = said.pop("requester", "").upper()
    if "offense" in said:
        said["purpose"] = _purpose(said.pop("offense"))
    fields = DECIDED_BY[asked]
    for field, code in said.items():
        if field not in fields:
            known = ", ".join((*_who(asked), *fields))
            msg = f"{field} is nothing that {asked} is decided by; {known} are"
            raise UnclearQuestionError(msg)
        if code not in values(field):
            msg = f"{code} is no {field}; there is {', '.join(values(field))}"
            raise UnclearQuestionError(msg)
    assumed = {field: _DEFAULTS[field] for field in _unsaid(asked, said)}
    if asked in ASKED_BY_A_JURISDICTION and requester not in JURISDICTIONS:
        msg = "say who asks: requester=NY, or US for a federal agency, XX for abroad"
        raise UnclearQuestionError(msg)
    request = request_of(
        asked, said | assumed, custodian=custodian, requester=requester, roles=roles
    )
    return Question(request=request, assumed=assumed)


def _unsaid(act: Act, said: Mapping[str, str]) -> list[str]:
    missing = [field for field in DECIDED_BY[act] if field not in said]
    needed = [field for field in missing if field not in _DEFAULTS]
    if needed:
        msg = f"say which {needed[0]}: {needed[0]}={values(needed[0])[0]}, for example"
        raise UnclearQuestionError(msg)
    return missing


def _act(text: str) -> Act:
    spelled = text.strip().lower().replace("-", "_")
    found = next((act for act in DECIDED_BY if act.value == spelled), None)
    if found is None:
        known = ", ".join(sorted(act.value for act in DECIDED_BY))
        msg = f"{text} is no act that the rules decide; there is {known}"
        raise UnclearQuestionError(msg)
    return found


def _pair(word: str) -> tuple[str, str]:
    field, equals, code = word.partition("=")
    if not equals:
        msg = f"{word} is not of the form field=code"
        raise UnclearQuestionError(msg)
    return field.strip().lower().replace("-", "_"), code.strip().replace("-", "_")


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        msg = f"{text} is no role; there is {', '.join(sorted(Role))}"
        raise UnclearQuestionError(msg) from None


def _purpose(offense: str) -> str:
    found = purpose_of(offense)
    if found is None:
        msg = f"{offense} is no offense code that is known here"
        raise UnclearQuestionError(msg)
    return found


def _who(act: Act) -> tuple[str, ...]:
    return ("requester",) if act in ASKED_BY_A_JURISDICTION else ("roles",)
