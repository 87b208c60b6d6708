"""What the note of a search comes to under the rules in force.

A note that speaks of what is banned is decided as a search for just that: refused, with
the statute, where the rules forbid it. Where they do not, the purpose that was chosen
and the note do not fit together, and a second person looks.
"""

from datetime import datetime, timedelta
from typing import Final, Self

import attrs

from charteroak.core.case_file import CaseStanding, doubt
from charteroak.core.log_record import Draft, Value
from charteroak.core.people import Act, Person, Role
from charteroak.core.policy import Denial, Request, Rule, RuleBook, decide, request
from charteroak.core.screening import NoteRule, Screened, Verdict

_STATUTE: Final = "Charter Oak: what is written counts beside what is chosen"
_CHANGES: Final = {
    Verdict.BLOCK: "Nothing, if the note says what is meant. If it does not, write "
    "which crime or which person the search is about.",
    Verdict.REVIEW: "A supervisor who did not ask decides whether it is looked up.",
    Verdict.VAGUE: "What crime or person? Write it in a few words.",
    Verdict.OK: "",
}


@attrs.frozen(kw_only=True)
class Weighed:
    """What a note comes to.

    Attributes:
        because: what stands against it, the law's rules first; empty where nothing.
        case: what the records say of the case.
    """

    verdict: Verdict
    because: tuple[Rule, ...]
    screened: Screened
    case: CaseStanding = CaseStanding.UNCHECKED

    @property
    def fields(self) -> dict[str, Value]:
        """What everybody may know of it: never a word of the note itself."""
        rule = self.screened.rule
        return {
            "note": self.verdict.value,
            # So that an auditor can replay what the list of that day found.
            "note_list": self.screened.note_list,
            **({} if rule is None else {"note_rule": rule.rule_id}),
            **(
                {}
                if self.case is CaseStanding.UNCHECKED
                else {"case_file": self.case.value}
            ),
        }

    def beside(self, case: CaseStanding) -> Self:
        """The same with what the records say of the case, which may leave a doubt."""
        why = doubt(case)
        if why is None:
            return attrs.evolve(self, case=case)
        doubtful = self.verdict is Verdict.OK
        return attrs.evolve(
            self,
            case=case,
            verdict=Verdict.REVIEW if doubtful else self.verdict,
            because=(*self.because, why),
        )

    def noted(self, draft: Draft, note: str) -> Draft:
        """A record of what was asked, with its note."""
        return attrs.evolve(
            draft,
            public={**draft.public, **self.fields},
            private={**draft.private, "note": note},
        )


def weigh(book: RuleBook, asked: Request, screened: Screened) -> Weighed:
    """What a note comes to under the rules in force.

    Args:
        book: the rules.
        asked: what is asked, with the purpose that was chosen.
        screened: what the list finds in its note.
    """
    rule, verdict = screened.rule, screened.verdict
    if rule is None:
        return Weighed(verdict=verdict, because=(), screened=screened)
    against: tuple[Rule, ...] = ()
    if verdict is Verdict.BLOCK and rule.ban is not None:
        meant = decide(book, attrs.evolve(asked, purpose=rule.ban))
        if isinstance(meant, Denial):
            against = meant.because
        else:
            verdict = Verdict.REVIEW
    return Weighed(
        verdict=verdict,
        because=(*against, as_rule(rule, verdict)),
        screened=screened,
    )


def banned(
    book: RuleBook, who: Person, screened: Screened, *, custodian: str, at: datetime
) -> bool:
    """Whether a text that goes with no search speaks of what the rules forbid.

    It is decided as a search by somebody who may search, with all that a search needs.
    """
    rule = screened.rule
    if screened.verdict is not Verdict.BLOCK or rule is None or rule.ban is None:
        return False
    meant = request(
        Act.SEARCH_READS,
        attrs.evolve(who, roles=frozenset({Role.SUPERVISOR})),
        custodian=custodian,
        purpose=rule.ban,
        case_ref="any",
        since=at,
        at=at,
        limit=timedelta(days=1),
    )
    return isinstance(decide(book, meant), Denial)


def as_rule(rule: NoteRule, verdict: Verdict) -> Rule:
    """A rule of the list, as it is shown to people."""
    return Rule(
        rule_id=rule.rule_id,
        statute=_STATUTE,
        plain=rule.why,
        confidence="high",
        change=_CHANGES[verdict],
    )
