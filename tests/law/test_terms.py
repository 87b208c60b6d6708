"""What narrows the law: presets, policies, contracts, a moratorium; the shortest wins."""

from datetime import date, timedelta
from itertools import product
from pathlib import Path

import attrs
import pytest

from charteroak.core.codes import (
    AgencyKind,
    Case,
    DataKind,
    Declared,
    Keys,
    Process,
    Reach,
    Step,
    Store,
)
from charteroak.core.decision_table import Outcome, Table, decide_twice
from charteroak.core.people import Act, Role
from charteroak.core.policy import (
    DISAGREED,
    Denial,
    Permit,
    Request,
    RuleBook,
    decide,
    decide_all,
)
from charteroak.core.search import Purpose
from charteroak.law.compiling import classes_of, compile_table
from charteroak.law.loader import load_profile, load_terms, profile_codes, terms_names
from charteroak.law.numbers import BrokenProfileError, read_numbers
from charteroak.law.profile import (
    PAPERS_FACT,
    Kind,
    strictest,
    strictest_for_papers,
)
from charteroak.law.rule_text import BrokenPolicyError, parse_rules
from charteroak.law.vocabulary import offenses, purposes

ON = date(2026, 11, 22)
CT = load_profile("us_ct", on=ON)


def disclosure(**changes: object) -> Request:
    request = Request(
        act=Act.DISCLOSE,
        custodian="CT",
        requester="CT",
        agency_kind=AgencyKind.MUNICIPAL_POLICE,
        purpose=Purpose("robbery"),
        declaration=Declared.NONE,
        data_kind=DataKind.HIT,
        legal_process=Process.NONE,
    )
    return attrs.evolve(request, **changes)  # type: ignore[arg-type]


def book(*names: str) -> RuleBook:
    terms = (load_terms(name, custodian="CT").rules for name in names)
    return RuleBook(sets=(CT.rules, *terms))


def said(decision: Permit | Denial) -> tuple[bool, list[str]]:
    return isinstance(decision, Permit), [rule.rule_id for rule in decision.because]


@pytest.mark.parametrize(
    ("names", "own", "limit", "because"),
    [
        ((), None, timedelta(days=21), "US-CT"),
        (("statutory",), None, timedelta(days=21), "US-CT"),
        (("local",), None, timedelta(hours=72), "CO-LOCAL"),
        (("local", "no_sharing"), None, timedelta(hours=72), "CO-LOCAL"),
        (("no_sharing",), None, timedelta(days=7), "CONTRACT-NO-SHARING"),
        (("minimal", "no_sharing"), None, timedelta(seconds=180), "CO-MINIMAL"),
        (("no_sharing",), timedelta(days=2), timedelta(days=2), "agency setting"),
        ((), timedelta(days=90), timedelta(days=21), "US-CT"),
        ((), timedelta(days=21), timedelta(days=21), "US-CT"),
    ],
)
def test_the_shortest_retention_wins_and_says_whose_it_is(
    names: tuple[str, ...], own: timedelta | None, limit: timedelta, because: str
) -> None:
    terms = [load_terms(name, custodian="CT") for name in names]

    found = strictest(CT, terms, own=own)

    assert (found.limit, found.because) == (limit, because)
    assert bool(found.statute) is (because != "agency setting")


@pytest.mark.parametrize(
    ("policy", "own", "limit", "because"),
    [
        (None, None, timedelta(days=731), "US-CT"),
        (timedelta(days=400), None, timedelta(days=400), "CO-LOCAL"),
        (timedelta(days=900), None, timedelta(days=731), "US-CT"),
        (
            timedelta(days=400),
            timedelta(days=365),
            timedelta(days=365),
            "agency setting",
        ),
        (None, timedelta(days=2000), timedelta(days=731), "US-CT"),
    ],
)
def test_the_shortest_term_of_papers_wins_and_reads_are_another_matter(
    policy: timedelta | None, own: timedelta | None, limit: timedelta, because: str
) -> None:
    local = attrs.evolve(load_terms("local", custodian="CT"), papers_limit=policy)

    found = strictest_for_papers(CT, [local], own=own)

    assert (found.limit, found.because) == (limit, because)
    assert strictest(CT, [local]).limit == timedelta(hours=72)


@pytest.mark.parametrize("code", profile_codes())
def test_the_term_of_papers_is_a_question_that_is_shown(code: str) -> None:
    profile = load_profile(code, on=ON)

    found = strictest_for_papers(profile)

    assert found.limit == profile.retention["papers"] == timedelta(days=731)
    assert found.statute
    (asked,) = (each for each in profile.questions if each.fact_id == PAPERS_FACT)
    assert asked.confidence == "low"
    assert asked.still_to_read


def test_a_policy_of_ones_own_may_shorten_the_term_of_papers(tmp_path: Path) -> None:
    file = tmp_path / "town.toml"
    file.write_text(
        'code = "OWN"\nname = "Town"\nkind = "policy"\ncustodian = "CT"\n'
        "effective = 2026-11-22\nfact = []\n[retention]\npapers = { days = 400 }\n"
    )

    found = strictest_for_papers(CT, [load_terms(str(file), custodian="CT")])

    assert (found.limit, found.because) == (timedelta(days=400), "OWN")


def test_a_state_may_count_in_seconds() -> None:
    hampshire = load_profile("us_nh", on=ON)

    assert hampshire.read_limit == timedelta(seconds=180)
    assert hampshire.edge_only


@pytest.mark.parametrize("code", profile_codes())
def test_every_number_has_a_fact_and_low_confidence_is_a_question(code: str) -> None:
    profile = load_profile(code, on=ON)

    assert profile.statute("read-limit")
    low = [fact for fact in profile.facts if fact.confidence == "low"]
    assert all(fact.still_to_read for fact in low)
    assert not [rule for rule in profile.rules.rules.values() if not rule.review]


@pytest.mark.parametrize("name", terms_names())
@pytest.mark.parametrize("code", profile_codes())
def test_terms_are_written_for_any_state(name: str, code: str) -> None:
    custodian = load_profile(code, on=ON).custodian

    terms = load_terms(name, custodian=custodian)

    assert "HERE" not in terms.rules.text
    assert terms.kind is not Kind.STATUTE


@pytest.mark.parametrize("name", ["local", "minimal", "no_sharing"])
def test_narrowing_never_widens(name: str) -> None:
    """Over the whole space: what the statute refuses is refused with any terms."""
    classes = classes_of(CT.rules, Act.DISCLOSE)
    asked = [
        disclosure(
            requester=who[0],
            agency_kind=AgencyKind(kind[0]),
            purpose=Purpose(purpose[0]),
            declaration=Declared(declaration[0]),
            data_kind=DataKind(data[0]),
            legal_process=Process(process[0]),
        )
        for who, kind, purpose, declaration, data, process in product(*classes.values())
    ]
    rules = book(name)
    statute, terms = (decide_all(each, asked) for each in rules.sets)
    narrowed = 0
    for place, request in enumerate(asked):
        by_law = isinstance(statute[place], Permit)
        both = by_law and isinstance(terms[place], Permit)
        narrowed += by_law and not both
        if by_law or place % 20 == 0:
            assert isinstance(decide(rules, request), Permit) is both
    assert narrowed


def test_presets_pull_the_three_levers() -> None:
    agreed = disclosure(declaration=Declared.VALID)

    assert said(decide(book("minimal"), agreed)) == (False, ["PM-nobody"])
    assert said(decide(book("local"), disclosure())) == (False, ["PL-agreement"])
    assert isinstance(decide(book("local"), agreed), Permit)
    assert isinstance(decide(book("statutory"), disclosure()), Permit)
    assert said(decide(book("no_sharing"), agreed)) == (False, ["CN-no-sharing"])


def test_serious_crime_only_leaves_theft_and_parking_out() -> None:
    rules = book("serious_crime_only")
    asked = [
        Request(
            act=Act.SEARCH_READS,
            custodian="CT",
            roles=frozenset({Role.INVESTIGATOR}),
            purpose=each.code,
            case=Case.GIVEN,
            reach=Reach.WITHIN,
        )
        for each in purposes()
    ]
    by_law = {r.purpose for r in asked if isinstance(decide(book(), r), Permit)}
    by_both = {r.purpose for r in asked if isinstance(decide(rules, r), Permit)}

    assert by_law - by_both == {"larceny", "fraud"}


def test_a_moratorium_stops_capture_and_search_but_not_what_a_court_orders() -> None:
    stopped, running = book("moratorium"), book()
    search = Request(
        act=Act.SEARCH_READS,
        custodian="CT",
        roles=frozenset({Role.INVESTIGATOR}),
        purpose=Purpose("homicide"),
        case=Case.GIVEN,
        reach=Reach.WITHIN,
    )
    capture = Request(
        act=Act.KEEP,
        custodian="CT",
        data_kind=DataKind.NONHIT,
        store=Store.SERVER,
        reach=Reach.WITHIN,
    )
    ordered = disclosure(legal_process=Process.JUDICIAL_WARRANT)
    for request, rule in (
        (search, "MO-no-search"),
        (capture, "MO-no-capture"),
        (disclosure(), "MO-no-disclosure"),
    ):
        assert isinstance(decide(running, request), Permit)
        assert said(decide(stopped, request)) == (False, [rule])
    assert isinstance(decide(stopped, ordered), Permit)
    for keys, ends in ((Keys.NONE, False), (Keys.ONE, False), (Keys.TWO, True)):
        for step in (Step.RESUME, Step.HAND_OVER):
            order = Request(act=Act.SUSPEND, custodian="CT", step=step, keys=keys)
            assert isinstance(decide(stopped, order), Permit) is ends


def test_what_leaves_the_house_is_decided_twice() -> None:
    rules = book("no_sharing")
    tables = tuple(compile_table(each, custodian="CT") for each in rules.sets)
    ordered = disclosure(legal_process=Process.JUDICIAL_WARRANT)

    assert decide_twice(rules, tables, ordered) == decide(rules, ordered)
    assert isinstance(decide_twice(rules, tables, ordered), Permit)
    assert decide_twice(rules, tables, disclosure()) == decide(rules, disclosure())


@pytest.mark.parametrize("permits", [True, False])
def test_a_table_that_disagrees_is_a_denial_and_an_alarm(permits: bool) -> None:  # noqa: FBT001 - what a table says
    rules = book()
    right = compile_table(CT.rules, custodian="CT", acts=(Act.DISCLOSE,))
    act = right.acts[Act.DISCLOSE]
    wrong = Table(
        acts={
            Act.DISCLOSE: attrs.evolve(
                act,
                outcomes=tuple(
                    Outcome(permits, each.rule_ids) for each in act.outcomes
                ),
            )
        },
        rules=right.rules,
    )
    request = disclosure() if not permits else disclosure(requester="TX")

    for tables in ((wrong,), ()):
        answer = decide_twice(rules, tables, request)
        assert isinstance(answer, Denial)
        assert answer.because == (DISAGREED,)
        assert answer.alarming


def test_a_statute_permits_nothing_without_a_condition() -> None:
    blanket = (
        '@id("T") @statute("s") @plain("p") @confidence("high") @review("n") @change("")\n'
        "permit (principal, action, resource);"
    )

    with pytest.raises(BrokenPolicyError, match="without a condition"):
        parse_rules(blanket, file="x.cedar", custodian="CT", house="")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("seconds = 180", "seconds = 18"),
        ("seconds = 180", "weeks = 1"),
        ("nonhit = {", "nonhits = {"),
        ("edge_only = true", 'edge_only = "yes"'),
        ('kind = "statute"', 'kind = "statut"'),
        ("[retention]", "[retentoin]"),
        ("papers = { days = 731 }", ""),
        ("papers = { days = 731 }", "papers = { days = 364 }"),
    ],
)
def test_a_slip_in_the_numbers_is_refused(
    right: str, wrong: str, tmp_path: Path
) -> None:
    source = Path("src/charteroak/law/us_nh/2026-01-01.toml").read_text()
    broken = tmp_path / "x.toml"
    broken.write_text(source.replace(right, wrong))

    with pytest.raises(BrokenProfileError, match=r"x\.toml"):
        read_numbers(broken)


def test_every_immigration_offense_is_decided_as_immigration() -> None:
    codes = {each.code: each.purpose for each in offenses()}

    assert len(codes) == len(offenses())
    assert {code for code, purpose in codes.items() if purpose == "immigration"} == {
        "30A",
        "30B",
        "30C",
        "30D",
        "49C",
    }
