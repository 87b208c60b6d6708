"""Writes docs/law/*.md, a page for each profile, and the fingerprints that ship.

A page is made from the profile alone: what it permits and refuses, how sure we are, and
what a lawyer must still read.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from charteroak.core.policy import Rule
from charteroak.law.compiling import compile_table
from charteroak.law.loader import (
    load_profile,
    load_terms,
    profile_codes,
    terms_names,
)
from charteroak.law.profile import Fact, Profile, Terms
from charteroak.law.rule_text import parse_rules
from charteroak.law.scoring import how_long

FINGERPRINTS = Path(__file__).parents[1] / "src/charteroak/law/fingerprints.csv"
_LAST = date.max
_NOT_ADVICE = (
    "This is not legal advice. It is how this machine reads the law, with how sure its "
    "makers are; no lawyer has reviewed a rule unless it says so. Written from the profile; "
    "do not edit."
)
_KEPT = {
    "nonhit": "a read that hit nothing is kept for",
    "hit": "a read that hit, and is not held, is kept for",
    "audit_log": "the record of who looked is kept for",
    "papers": "papers of a request are kept, after its answer, for",
}


def fingerprints() -> str:
    """Text -> answers, as `law.rule_text` looks them up; asks every statute anew."""
    lines = ["text,answers"]
    for code in profile_codes():
        profile = load_profile(code, on=_LAST)
        text = parse_rules(
            profile.rules.text, file=code, custodian=profile.custodian
        ).fingerprint
        table = compile_table(profile.rules, custodian=profile.custodian)
        lines.append(f"{text},{table.fingerprint}")
    return "\n".join([*lines, ""])


def pages() -> dict[str, str]:
    """Path below docs/reference -> text, of every page."""
    profiles = [load_profile(code, on=_LAST) for code in profile_codes()]
    terms = [load_terms(name, custodian="CT") for name in terms_names()]
    found = {f"../law/{_slug(each.code)}.md": _statute(each) for each in profiles}
    found |= {f"../law/{_slug(each.code)}.md": _terms(each) for each in terms}
    found["../law/index.md"] = _index(profiles, terms)
    return found


def _slug(code: str) -> str:
    return code.lower()


def _index(profiles: list[Profile], terms: list[Terms]) -> str:
    sure = [
        f"| [{each.name}]({_slug(each.code)}.md) | {how_long(each.read_limit)} | "
        f"{len(each.rules.rules)} | {len(each.questions)} |"
        for each in profiles
    ]
    narrowing = [
        f"| [{each.name}]({_slug(each.code)}.md) | {each.kind} | "
        f"{how_long(each.read_limit) if each.read_limit else 'not said'} |"
        for each in terms
    ]
    return "\n".join(
        [
            "# The law as it is read here",
            "",
            _NOT_ADVICE,
            "",
            (
                "Ask it yourself: `charteroak law explain disclose requester=NY "
                "purpose=robbery`. What an edited rule changes, in words: `charteroak law "
                "diff us_ct my_edited_us_ct.cedar`. What a council adopts and publishes: "
                "`charteroak law packet`."
            ),
            "",
            "| state | reads are kept | rules | questions for a lawyer |",
            "|---|---|---|---|",
            *sure,
            "",
            (
                "What an agency may put beside the statute; all must permit, and the shortest "
                "retention wins:"
            ),
            "",
            "| name | kind | reads are kept |",
            "|---|---|---|",
            *narrowing,
            "",
            "```{toctree}",
            ":hidden:",
            "",
            *(_slug(each.code) for each in (*profiles, *terms)),
            "```",
            "",
        ]
    )


def _statute(profile: Profile) -> str:
    kept = [
        f"| {_KEPT[kind]} | {how_long(span)} |"
        for kind, span in profile.retention.items()
    ]
    numbers = [
        ("a list is stale after", profile.list_refresh),
        ("the system is audited every", profile.audit_every),
    ]
    return "\n".join(
        [
            f"# {profile.name} ({profile.code})",
            "",
            _NOT_ADVICE,
            "",
            (
                f"In force since {profile.effective}. Fingerprint of all its answers: "
                f"`{profile.rules.fingerprint}`."
            ),
            "",
            "## Numbers",
            "",
            "| what | |",
            "|---|---|",
            *kept,
            *(f"| {what} | {how_long(span)} |" for what, span in numbers if span),
            (
                f"| a read that hit nothing may leave the camera | "
                f"{'no' if profile.edge_only else 'yes'} |"
            ),
            (
                f"| lists that are never loaded | "
                f"{', '.join(sorted(profile.refused_lists)) or 'none'} |"
            ),
            (
                f"| places where no camera may stand | "
                f"{', '.join(sorted(profile.refused_places)) or 'none'} |"
            ),
            "",
            *_pictures_and_reports(profile),
            *_rules(profile.rules.rules.values()),
            *_facts(profile.facts),
        ]
    )


def _pictures_and_reports(profile: Profile) -> list[str]:
    lines = [
        f"- {each.says} ({each.statute}; {each.confidence})"
        for each in profile.image_rules
    ]
    lines += [
        f"- Report to {each.to}, {each.due}: {', '.join(each.contents)}. "
        f"({each.statute}; {each.confidence})"
        for each in profile.reports
    ]
    return ["## Pictures and reports", "", *lines, ""] if lines else []


def _terms(terms: Terms) -> str:
    limit = how_long(terms.read_limit) if terms.read_limit else "as the statute says"
    return "\n".join(
        [
            f"# {terms.name} ({terms.kind})",
            "",
            _NOT_ADVICE,
            "",
            (
                f"Reads are kept {limit}. It narrows what the law leaves open and never widens "
                "it: both must permit. Its rules, as they read in Connecticut:"
            ),
            "",
            *_rules(terms.rules.rules.values()),
            *_facts(terms.facts),
        ]
    )


def _rules(rules: Iterable[Rule]) -> list[str]:
    rules = list(rules)
    return [
        "## What is permitted",
        "",
        *(_rule(each) for each in rules if each.permits),
        "",
        "## What is never done, or not like this",
        "",
        *(_rule(each) for each in rules if not each.permits),
        "",
    ]


def _rule(rule: Rule) -> str:
    change = f" What could be changed: {rule.change}" if rule.change else ""
    return (
        f"- **{rule.plain}**{change} <br> `{rule.rule_id}` · {rule.statute} · "
        f"confidence {rule.confidence} · review: {rule.review}"
    )


def _facts(facts: Iterable[Fact]) -> list[str]:
    facts = list(facts)
    certain = [f for f in facts if f.confidence == "high" and not f.still_to_read]
    open_ = [f for f in facts if f not in certain]
    order = {"low": 0, "medium": 1, "high": 2}
    open_.sort(key=lambda fact: order[fact.confidence])
    lines = ["## What is certain", ""]
    lines += [f"- {each.says} ({each.statute})" for each in certain]
    lines += ["", "## What a lawyer must still read, least sure first", ""]
    for each in open_:
        question = each.still_to_read or "The words of the law itself."
        lines.append(
            f"- **{each.says}** {question} <br> {each.statute} · confidence "
            f"{each.confidence} · the sources say: {each.source_words}"
        )
    return [*lines, ""]
