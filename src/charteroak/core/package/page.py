"""The page of a package: one file that a person can read and print, without scripts."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from html import escape
from typing import Final

from charteroak.core.package.checking import (
    KEY_COMMAND,
    LIMITS,
    SIGNATURE_COMMAND,
    SUMS_COMMAND,
    key_advice,
)
from charteroak.core.package.contents import (
    Missing,
    Package,
    PackageRead,
    Picture,
    PictureKind,
    picture_name,
)
from charteroak.core.package.tables import utc
from charteroak.core.policy import Rule

_STYLE: Final = """
:root{color-scheme:light}
body{font:16px/1.5 Georgia,serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1b1b1b;background:#fff}
h1,h2,h3{font-family:Helvetica,Arial,sans-serif;line-height:1.25}
h2{margin-top:2.5rem;border-bottom:1px solid #a9aeb1}
dl.facts{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.25rem 1.5rem}
dt{color:#565c65}dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.5rem .75rem .5rem 0}
table.reads>tbody>tr,table.rules tr{border-bottom:1px solid #c9c9c9}
table.reads>tbody>tr>td:nth-child(2){min-width:13rem}
.plate{font:700 1.5rem/1.3 "DejaVu Sans Mono",Menlo,Consolas,monospace;
letter-spacing:.05em;font-feature-settings:"zero"}
table.signs{width:auto;font-size:.8rem;margin-top:.25rem}
table.signs th,table.signs td{padding:0 .6rem 0 0;text-align:center;border:0}
table.signs th{font:700 1rem "DejaVu Sans Mono",Menlo,Consolas,monospace}
.doubt{text-decoration:underline wavy #565c65}
img{display:block;max-width:100%;width:13rem;height:auto;margin-bottom:.5rem;
border:1px solid #c9c9c9}
.quiet{color:#565c65;font-size:.9rem}
th .quiet{font-weight:400}
.none{border:1px dashed #71767a;padding:.5rem;margin-top:0;width:12rem;margin-bottom:.5rem}
pre,code{font:.85rem/1.5 "DejaVu Sans Mono",Menlo,Consolas,monospace}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f0f0f0;padding:.75rem}
@media (max-width:40rem){dl.facts{display:block}dd{margin-bottom:.5rem}
table.reads>thead{position:absolute;left:-999em}
table.reads>tbody>tr,table.reads>tbody>tr>td{display:block}
table.reads>tbody>tr{padding:1rem 0}table.reads>tbody>tr>td{padding:.15rem 0}
table.rules>thead{position:absolute;left:-999em}
table.rules>tbody>tr,table.rules>tbody>tr>td,table.rules>tbody>tr>th{display:block}}
@media print{body{margin:0;max-width:none;font-size:11pt}tr,pre,.facts>*{break-inside:avoid}
h2{break-after:avoid}}
"""
_DOUBTFUL: Final = 0.9
"""A character that is less sure than this is marked."""
_WHY_MISSING: Final = {
    Missing.DAMAGED: "was damaged and could not be opened",
    Missing.DELETED: "was deleted on schedule and could not be put in",
}
_SHOWS: Final = {
    PictureKind.PLATE: "Picture of the plate",
    PictureKind.VEHICLE: "Picture of the vehicle, people made unrecognisable",
}


def index_html(package: Package, *, key_fingerprint: str) -> bytes:
    """The whole page, HTML in UTF-8; pictures lie beside it."""
    title = f"{package.title}: record {int(package.record.record_id)}"
    parts = [
        f"<h1>{escape(package.title)}</h1>",
        _facts(_head(package)),
        f"<h2>{_count(package)}</h2>",
        *_reads(package),
        "<h2>Why this was allowed</h2>",
        *_decision(package),
        "<h2>How to check it</h2>",
        *_check(package, key_fingerprint),
        "<h2>What this is not</h2>",
        _paragraph(LIMITS),
    ]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<main>\n{body}\n</main>\n</body>\n</html>\n"
    ).encode()


def _head(package: Package) -> Iterator[tuple[str, str]]:
    yield "Agency", package.agency
    if package.case_ref:
        yield "Case", package.case_ref
    yield "Made for", package.made_for
    yield "For what", package.why
    yield "Made by", package.made_by
    yield "Asked for at", _local(package, package.made_at)
    yield "Record in the agency's log", f"number {int(package.record.record_id)}"
    yield from package.facts


def _count(package: Package) -> str:
    number = len(package.reads)
    return "1 read" if number == 1 else f"{number} reads"


def _reads(package: Package) -> Iterator[str]:
    if not package.reads:
        yield _paragraph("There is no read in this package.")
        return
    yield _paragraph(
        "Under each character stands the probability that it is right, in percent; "
        f"one below {_DOUBTFUL * 100:.0f} % is underlined. The picture decides, not the machine."
    )
    head = ("No.", "Pictures", "Plate as read", "When and where")
    yield '<table class="reads"><thead><tr>'
    yield "".join(f'<th scope="col">{each}</th>' for each in head)
    yield "</tr></thead><tbody>"
    for number, read in enumerate(package.reads, start=1):
        cells = (
            f"<strong>{number}</strong>",
            "".join(_picture(number, each) for each in read.pictures)
            or '<p class="none">Came without a picture</p>',
            _plate(read),
            _when_and_where(package, read),
        )
        yield f"<tr>{''.join(f'<td>{each}</td>' for each in cells)}</tr>"
    yield "</tbody></table>"


def _picture(number: int, picture: Picture) -> str:
    shows = _SHOWS[picture.kind]
    if picture.missing is not None:
        return f'<p class="none">{shows}: {_WHY_MISSING[picture.missing]}</p>'
    name = picture_name(number, picture)
    return f'<a href="{name}"><img src="{name}" alt="{shows}, read {number}"></a>'


def _plate(read: PackageRead) -> str:
    state = "not read" if read.state is None else escape(read.state)
    if read.state is not None and read.state_confidence is not None:
        state += f" ({_percent(read.state_confidence)} %)"
    signs = ""
    if read.characters:
        each = list(zip(read.plate.glyphs, read.characters, strict=True))
        marks = (
            f'<th scope="col"{_mark(sure)}>{escape(sign)}</th>' for sign, sure in each
        )
        sures = (f"<td>{_percent(sure)}</td>" for _, sure in each)
        signs = (
            f'<table class="signs"><thead><tr>{"".join(marks)}</tr></thead>'
            f"<tbody><tr>{''.join(sures)}</tr></tbody></table>"
        )
    return (
        f'<span class="plate">{escape(read.plate.glyphs)}</span><br>'
        f"State: {state}<br>Whole plate right: <strong>{_percent(read.confidence)} %"
        f"</strong>{signs}"
    )


def _mark(sure: float) -> str:
    return ' class="doubt"' if sure < _DOUBTFUL else ""


def _when_and_where(package: Package, read: PackageRead) -> str:
    lines = [
        escape(_local(package, read.seen_at)),
        f'<span class="quiet">{utc(read.seen_at)}</span>',
        escape(read.camera_name),
    ]
    if read.place:
        lines.append(escape(read.place))
    if read.clock_suspect:
        lines.append("<strong>The clock of this camera was doubtful.</strong>")
    if read.kept:
        lines.append(f'<span class="quiet">{escape(read.kept)}</span>')
    if read.engine:
        lines.append(f'<span class="quiet">Read by {escape(read.engine)}</span>')
    return "<br>".join(lines)


def _decision(package: Package) -> Iterator[str]:
    yield _paragraph(
        "The rules in force were asked before anything was looked up. These allowed it, "
        "and none stood against it:"
    )
    yield (
        '<table class="rules"><thead><tr><th scope="col">Rule</th>'
        '<th scope="col">What it says</th><th scope="col">How sure its reading is</th>'
        "</tr></thead><tbody>"
    )
    for rule in package.decision.because:
        yield _rule(rule)
    yield "</tbody></table>"
    yield _facts(
        [
            ("All rules in force (SHA-256)", package.decision.fingerprint),
            (
                "What was asked",
                "; ".join(
                    f"{field.replace('_', ' ')}: {code.replace('_', ' ')}"
                    for field, code in package.decision.request.codes.items()
                ),
            ),
        ]
    )


def _rule(rule: Rule) -> str:
    review = rule.review or "no lawyer yet"
    return (
        f'<tr><th scope="row"><code>{escape(rule.rule_id)}</code><br>'
        f'<span class="quiet">{escape(rule.statute)}</span></th>'
        f"<td>{escape(rule.plain)}</td><td>Confidence: {escape(rule.confidence)}; "
        f"reviewed by: {escape(review)}</td></tr>"
    )


def _check(package: Package, key_fingerprint: str) -> Iterator[str]:
    yield _paragraph(
        "It needs no software of ours. In the folder of this page, these must print "
        "“OK” for every file, “Signature Verified Successfully”, and the fingerprint "
        "below; VERIFY.txt explains each step."
    )
    for command in [SUMS_COMMAND, SIGNATURE_COMMAND, KEY_COMMAND]:
        yield f"<pre>{escape(command)}</pre>"
    yield _paragraph("Fingerprint of the agency's key (SHA-256):")
    yield f"<pre>{escape(_grouped(key_fingerprint))}</pre>"
    yield _paragraph(key_advice(package))


def _grouped(digest: str) -> str:
    """A digest in groups of eight, which can be read out on the telephone."""
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    lines = (f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>" for name, fact in facts)
    return f'<dl class="facts">{"".join(lines)}</dl>'


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _percent(share: float) -> str:
    # Cut, never rounded up: 99.97 % is not "100".
    return f"{int(share * 1000) / 10:.1f}"


def _local(package: Package, moment: datetime) -> str:
    return moment.astimezone(package.zone).strftime("%Y-%m-%d %H:%M:%S %Z")
