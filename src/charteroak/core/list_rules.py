"""Hot lists under the rules: which classes may be matched, and when a list is too old."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from charteroak.core.codes import Freshness
from charteroak.core.hotlist import ListClass
from charteroak.core.people import Act, Role
from charteroak.core.policy import Denial, Permit, Request, RuleBook, decide


@lru_cache(maxsize=4)
def refused_classes(book: RuleBook, custodian: str) -> Mapping[ListClass, Denial]:
    """The classes of lists that the rules in force refuse, whoever loads them.

    A class is refused where those whose duty it is may not load it, or may not be alerted
    by it even on the day that it was loaded: so nothing of it reaches the matcher either.
    """
    answers = (
        (list_class, answer)
        for list_class in ListClass
        for answer in (
            alerting(book, custodian, list_class, Freshness.FRESH),
            _loading(book, custodian, list_class),
        )
    )
    # Where both are refused the denial of loading is the one that is named.
    return {
        list_class: answer
        for list_class, answer in answers
        if isinstance(answer, Denial)
    }


def _loading(book: RuleBook, custodian: str, list_class: ListClass) -> Permit | Denial:
    return decide(
        book,
        Request(
            act=Act.LOAD_HOTLIST,
            custodian=custodian,
            roles=frozenset({Role.LIST_CLERK}),
            list_class=list_class,
        ),
    )


def freshness(
    list_class: ListClass,
    loaded_at: datetime,
    *,
    term: timedelta | None,
    at: datetime,
) -> Freshness:
    """Whether a list may still alert anybody.

    What an agency enters itself is its own source and does not age by a term; each of
    its entries may have a day on which it ends.

    Args:
        list_class: of the list.
        loaded_at: when it was loaded last.
        term: how old a list may be; None where no rule says.
        at: the moment of the hit.
    """
    if term is None or list_class is ListClass.LOCAL or at - loaded_at <= term:
        return Freshness.FRESH
    return Freshness.STALE


@lru_cache(maxsize=64)
def alerting(
    book: RuleBook, custodian: str, list_class: ListClass, fresh: Freshness
) -> Permit | Denial:
    """Whether whoever is on duty may be told of a hit on a list."""
    return decide(
        book,
        Request(
            act=Act.RECEIVE_ALERT,
            custodian=custodian,
            roles=frozenset({Role.DISPATCHER}),
            list_class=list_class,
            freshness=fresh,
        ),
    )
