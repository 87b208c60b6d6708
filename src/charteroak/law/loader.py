"""Loading the law: from the package's data to a checked `Profile`.

Nothing half right is loaded: see `rule_text` and `numbers`.
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, TypedDict

from charteroak.core.camera import Location, Mount, Place
from charteroak.core.errors import CharterOakError
from charteroak.core.hotlist import ListClass
from charteroak.core.people import Act, Role
from charteroak.core.policy import Denial, Request, Rule, RuleSet, decide_all
from charteroak.law.numbers import (
    BrokenProfileError,
    FactText,
    NumbersText,
    read_numbers,
)
from charteroak.law.profile import Fact, ImageRule, Kind, Profile, Report, Terms
from charteroak.law.rule_text import read_rules
from charteroak.law.vocabulary import purposes

_SUFFIX: Final = ".cedar"
_NUMBERS: Final = ".toml"
_HOUSE: Final = "house.cedar"
_SHELVES: Final = ("policies", "presets", "contracts")
_LEAVES_ALL: Final = """\
@id("OWN-statute-decides")
@statute("The agency's own numbers")
@plain("All but the numbers is for the law to decide.")
@confidence("high")
@review("no lawyer yet")
@change("")
permit (principal, action, resource);
"""
"""The rules of terms that are numbers alone."""


class UnknownJurisdictionError(CharterOakError):
    """There is no law profile of that name."""

    code = "charteroak.law.unknown-jurisdiction"
    hint = "Set the law profile to one that exists, such as us_ct for Connecticut."

    def __init__(self, name: str) -> None:
        known = ", ".join(profile_codes())
        super().__init__(f"there is no law profile named {name}; there are {known}")


class NotInForceError(CharterOakError):
    """The state has a profile, but none that is in force on that day."""

    code = "charteroak.law.not-in-force"
    hint = "Without rules in force nothing may be done. Check the date of this machine."


class UnknownPolicyError(CharterOakError):
    """The agency's own policy or contract is not there."""

    code = "charteroak.law.unknown-policy"
    hint = "Name a policy that ships with Charter Oak, or the path of a .cedar file."


def load_profile(code: str, *, on: date) -> Profile:
    """The law of a state as it is in force on a day.

    Args:
        code: such as `us_ct`; `US-CT` is the same.
        on: the day; the newest profile that took effect by then is meant.

    Raises:
        UnknownJurisdictionError: no such state.
        NotInForceError: nothing of it is in force on that day.
        BrokenProfileError: its numbers cannot be read.
        BrokenPolicyError: its rules cannot be relied on.
    """
    slug = code.strip().lower().replace("-", "_")
    folder = files(__package__).joinpath(slug)
    if not re.fullmatch(r"[a-z]{2}_[a-z]{2}", slug) or not folder.is_dir():
        raise UnknownJurisdictionError(code)
    dates = _dates(folder)
    in_force = [effective for effective in dates if effective <= on]
    if not in_force:
        msg = (
            f"no rules of {slug} are in force on {on}; "
            f"the first take effect on {dates[0]}"
        )
        raise NotInForceError(msg)
    return _load(slug, in_force[-1])


def next_change(code: str, *, on: date) -> date | None:
    """The day on which other rules of a state take effect; None where none are known.

    Args:
        code: of a state that has a profile.
        on: the day after which it is sought.
    """
    folder = files(__package__).joinpath(code.strip().lower().replace("-", "_"))
    return next((each for each in _dates(folder) if each > on), None)


def _dates(folder: Traversable) -> list[date]:
    return sorted(
        date.fromisoformat(each.name.removesuffix(_NUMBERS))
        for each in folder.iterdir()
        if each.name.endswith(_NUMBERS)
    )


def profile_codes() -> tuple[str, ...]:
    """Every state with a profile, such as `us_ct`, in alphabetical order."""
    return tuple(
        sorted(
            each.name
            for each in files(__package__).iterdir()
            if re.fullmatch(r"[a-z]{2}_[a-z]{2}", each.name) and each.is_dir()
        )
    )


def terms_names() -> tuple[str, ...]:
    """Every policy, preset and contract that ships with the package."""
    return tuple(
        sorted(
            each.name.removesuffix(_SUFFIX)
            for shelf in _SHELVES
            for each in files(__package__).joinpath(shelf).iterdir()
            if each.name.endswith(_SUFFIX)
        )
    )


def house_text() -> str:
    """What Charter Oak itself asks, beside the statute of every state."""
    return files(__package__).joinpath(_HOUSE).read_text("utf-8")


def load_policy(name: str, *, custodian: str) -> RuleSet:
    """The rules of `load_terms`."""
    return load_terms(name, custodian=custodian).rules


def load_terms(name: str, *, custodian: str) -> Terms:
    """What narrows the law: a policy, preset or contract of the package, or a file.

    A file of one's own has the numbers beside it in a `.toml` of the same name; without
    one it says nothing about numbers. Numbers alone leave all else to the law.

    Args:
        name: of a shipped one, such as `published_prohibitions`; or the path of a file
            that ends in `.cedar`, or of its numbers.
        custodian: how the rules name the state, such as `CT`.

    Raises:
        UnknownPolicyError: there is none.
        BrokenPolicyError: its rules cannot be relied on.
        BrokenProfileError: its numbers cannot be read.
    """
    file = _shelved(name)
    alone = name.endswith(_NUMBERS) and not file.is_file()
    try:
        text = _LEAVES_ALL if alone else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        msg = f"the policy or contract {name} cannot be read"
        raise UnknownPolicyError(msg) from None
    rules = read_rules(text, file=file.name, custodian=custodian)
    beside = _beside(file, name)
    if beside is None:
        return Terms(
            code=Path(name).stem,
            name=Path(name).stem,
            kind=Kind.POLICY,
            read_limit=None,
            facts=(),
            rules=rules,
        )
    numbers = read_numbers(beside)
    return Terms(
        code=numbers.code,
        name=numbers.name,
        kind=Kind(numbers.kind),
        read_limit=numbers.read_limit,
        facts=_facts(numbers.fact),
        rules=rules,
        edge_only=numbers.edge_only,
        papers_limit=numbers.papers_limit,
    )


def _shelved(name: str) -> Traversable:
    if name.endswith((_SUFFIX, _NUMBERS)):
        return Path(name).with_suffix(_SUFFIX)
    if re.fullmatch(r"[a-z0-9_]+", name):
        for shelf in _SHELVES:
            file = files(__package__).joinpath(shelf, f"{name}{_SUFFIX}")
            if file.is_file():
                return file
    known = ", ".join(terms_names())
    msg = f"there is no agency policy or contract named {name}; there are {known}"
    raise UnknownPolicyError(msg)


def _beside(file: Traversable, name: str) -> Traversable | None:
    """The numbers of the file of rules, where there are any."""
    if isinstance(file, Path):
        numbers: Traversable = file.with_suffix(_NUMBERS)
        return numbers if numbers.is_file() else None
    return next(
        found
        for shelf in _SHELVES
        if (found := files(__package__).joinpath(shelf, f"{name}.toml")).is_file()
    )


@cache
def _load(slug: str, effective: date) -> Profile:
    folder = files(__package__).joinpath(slug)
    numbers = read_numbers(folder.joinpath(f"{effective}.toml"))
    limit, papers = numbers.read_limit, numbers.papers_limit
    if numbers.effective != effective or limit is None or papers is None:
        msg = f"{slug}/{effective}.toml: another date inside than in its name"
        raise BrokenProfileError(msg)
    policy = folder.joinpath(f"{effective}.cedar")
    rules = read_rules(
        policy.read_text("utf-8"),
        file=f"{slug}/{policy.name}",
        custodian=numbers.custodian,
        house=house_text(),
    )
    return Profile(
        code=numbers.code,
        name=numbers.name,
        custodian=numbers.custodian,
        effective=effective,
        read_limit=limit,
        papers_limit=papers,
        **_numbers(numbers),
        refused_lists=_refused_lists(rules, numbers.custodian),
        refused_places=_refused_places(rules, numbers.custodian),
        purposes=purposes(),
        facts=_facts(numbers.fact),
        rules=rules,
    )


class _Numbers(TypedDict):
    retention: dict[str, timedelta]
    list_refresh: timedelta | None
    audit_every: timedelta | None
    edge_only: bool
    visual_confirmation: bool
    reports: tuple[Report, ...]
    image_rules: tuple[ImageRule, ...]


def _numbers(numbers: NumbersText) -> _Numbers:
    hours, days = numbers.list_refresh_hours, numbers.audit_every_days
    return {
        "retention": {kind: each.length for kind, each in numbers.retention.items()},
        "list_refresh": timedelta(hours=hours) if hours else None,
        "audit_every": timedelta(days=days) if days else None,
        "edge_only": numbers.edge_only,
        "visual_confirmation": numbers.visual_confirmation,
        "reports": tuple(
            Report(
                to=each.to,
                due=each.due,
                statute=each.statute,
                confidence=each.confidence,
                contents=each.contents,
            )
            for each in numbers.report
        ),
        "image_rules": tuple(
            ImageRule(says=each.says, statute=each.statute, confidence=each.confidence)
            for each in numbers.image_rule
        ),
    }


def _facts(facts: Iterable[FactText]) -> tuple[Fact, ...]:
    return tuple(
        Fact(
            fact_id=each.id,
            says=each.says,
            statute=each.statute,
            confidence=each.confidence,
            source_words=each.source_words,
            still_to_read=each.still_to_read,
        )
        for each in facts
    )


def _refused_lists(rules: RuleSet, custodian: str) -> dict[ListClass, Rule]:
    """The rule against each class of list that not even a list clerk may load."""
    asked = [
        Request(
            act=Act.LOAD_HOTLIST,
            custodian=custodian,
            roles=frozenset({Role.LIST_CLERK}),
            list_class=each,
        )
        for each in ListClass
    ]
    return {
        each: answer.because[0]
        for each, answer in zip(ListClass, decide_all(rules, asked), strict=True)
        if isinstance(answer, Denial)
    }


def _refused_places(rules: RuleSet, custodian: str) -> dict[Place, Rule]:
    """The rule against each place where no camera may stand, however it is placed."""
    asked = [
        Request(
            act=Act.PLACE_CAMERA,
            custodian=custodian,
            roles=frozenset({Role.ADMINISTRATOR}),
            place=each,
            mount=Mount.VEHICLE,
            location=Location.PUBLISHED,
        )
        for each in Place
    ]
    return {
        each: answer.because[0]
        for each, answer in zip(Place, decide_all(rules, asked), strict=True)
        if isinstance(answer, Denial)
    }
