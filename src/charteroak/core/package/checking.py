"""How a receiver checks a package, with tools that are not ours."""

import base64
import hashlib
from typing import Final

from charteroak.core.package.contents import Package

SUMS: Final = "SHA256SUMS"
SIGNATURE: Final = "SHA256SUMS.sig"
PUBLIC_KEY: Final = "agency.pem"

SUMS_COMMAND: Final = f"sha256sum -c {SUMS}"
SIGNATURE_COMMAND: Final = (
    f"openssl pkeyutl -verify -rawin -pubin -inkey {PUBLIC_KEY} "
    f"-in {SUMS} -sigfile {SIGNATURE}"
)
PROOFS_COMMAND: Final = (
    "while IFS= read -r line; do printf '%s' \"$line\" | sha256sum; done "
    "< log-entry-proofs.jsonl"
)
KEY_COMMAND: Final = f"openssl pkey -pubin -in {PUBLIC_KEY} -outform DER | sha256sum"


def fingerprint(public_key_pem: str) -> str:
    """SHA-256 of a public key (DER, SubjectPublicKeyInfo), hexadecimal.

    The same as `openssl pkey -pubin -in agency.pem -outform DER | sha256sum` prints.
    """
    lines = [line for line in public_key_pem.splitlines() if not line.startswith("-")]
    return hashlib.sha256(base64.b64decode("".join(lines))).hexdigest()


def key_advice(package: Package) -> str:
    """Where the public key is compared with: never with this package alone."""
    where = f" It is also at {package.key_at}." if package.key_at else ""
    return (
        f"Ask {package.agency} for the fingerprint of its key in a way that does not "
        "come from this package: by a telephone number from a public directory, or in "
        f"person.{where} A key proves nothing by lying in the package that it signs: "
        "whoever forged the one would have put in the other."
    )


def verify_text(package: Package, *, key_fingerprint: str) -> bytes:
    """VERIFY.txt: plain steps, for somebody who has never seen our software."""
    record = int(package.record.record_id)
    return _TEXT.format(
        folder=package.folder,
        sums=SUMS,
        signature=SIGNATURE,
        public_key=PUBLIC_KEY,
        sums_command=SUMS_COMMAND,
        signature_command=SIGNATURE_COMMAND,
        key_command=KEY_COMMAND,
        proofs_command=PROOFS_COMMAND,
        key_fingerprint=key_fingerprint,
        advice=_wrapped(key_advice(package)),
        log_text=_wrapped(_LOG_TEXT.format(record=record)),
        limits=_wrapped(LIMITS),
    ).encode()


_TEXT: Final = """\
HOW TO CHECK THIS PACKAGE
=========================

It needs no software of ours and no network: sha256sum (GNU coreutils) and OpenSSL 3,
which Linux has, and which can be had for macOS and Windows. Unpack the ZIP file, open
a terminal in the folder {folder}, and do all three steps.

1. Nothing was changed, and nothing is missing:

     {sums_command}

   Every line must end with "OK". A file that {sums} does not name is not part
   of the package.

2. The agency signed that list (Ed25519, RFC 8032):

     {signature_command}

   It must print "Signature Verified Successfully".

3. The key is the agency's:

     {key_command}

   It must print this, and the agency must tell you the same:

     {key_fingerprint}

{advice}

IF A STEP FAILS
---------------

Do not rely on the package; ask for it again. The last files that are written into the
ZIP file are {sums} and {signature}, and the ZIP file's own list of its
contents comes after them. So a download that broke off does not open, or lacks these
two: what lacks them, or does not open, is no package.

WHAT IS IN IT
-------------

  index.html             all of it, for reading and printing
  reads.csv              the reads as a table; plates have an apostrophe before them,
                         so that no spreadsheet makes a number or a date of them
  reads.json             the same for programs
  pictures/              the pictures, numbered as the reads are
  decision.json          what the rules were asked, and each rule that allowed it
  log-entry.json         the entry of the agency's log, byte for byte
  log-entry-proofs.jsonl what is behind the fingerprints in that entry (below)
  {public_key}             the agency's public key
  {sums}             SHA-256 of every other file
  {signature}         the agency's signature of that list

THE ENTRY OF THE LOG
--------------------

{log_text}

     {proofs_command}

So this package and the log can be held against each other, field by field.

WHAT THIS IS NOT
----------------

{limits}
"""
LIMITS: Final = (
    "A read is what a machine took the characters on a plate to be, with the "
    "probability that it is right. It does not say who drove, and it is not by itself "
    "grounds for a stop. Compare every read with its picture. A signature shows who "
    "made the package and that it was not changed since; it does not show that a "
    "camera read correctly or that its clock was right. Charter Oak is software, and "
    "gives no legal advice: which rules of law it was told, and how sure their reading "
    "is, stands in decision.json, and no lawyer has reviewed a rule unless it says so."
)
"""What a package does not show, said in each."""

_LOG_TEXT: Final = (
    "That this was asked for is record {record} of the agency's log. Its public entry, "
    "log-entry.json, shows no name, plate or case, but a fingerprint of each with a "
    'random salt, under "committed". Every line of log-entry-proofs.jsonl is one such '
    "field: its salt, its name and what it says. The SHA-256 of a line is the "
    "fingerprint that stands in the entry:"
)
_WIDTH: Final = 84


def _wrapped(text: str) -> str:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= _WIDTH:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
