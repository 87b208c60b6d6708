"""A package opens and verifies with the tools that any court has, and with no other."""

import csv
import hashlib
import io
import json
import re
import secrets
import subprocess
import zipfile
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given, settings
from hypothesis import strategies as st
from typing_extensions import override

from charteroak.core import package as packages
from charteroak.core.log_record import (
    Draft,
    RecordId,
    RecordKind,
    compose,
    proofs,
)
from charteroak.core.package import (
    Missing,
    Package,
    PackageRead,
    PackageRecord,
    PackageTooLargeError,
    Picture,
    PictureKind,
    WrongKeyError,
    build,
)
from charteroak.core.package.tables import COLUMNS, safe_cell
from charteroak.core.people import Act, Role
from charteroak.core.plate import PlateText
from charteroak.core.policy import Permit, Request, Rule
from charteroak.core.read import ReadId

AT = datetime(2026, 11, 22, 19, 5, 9, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PEM = (
    KEY.public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
PLATE = "BK47193"
RULE = Rule(
    rule_id="CO-export-held",
    statute="Charter Oak: what is kept for a case may go to court with it",
    plain="What is held for a case may be exported for that case.",
    confidence="high",
    permits=True,
)


def a_record() -> PackageRecord:
    record = compose(
        Draft(
            kind=RecordKind.CASE_SEEN,
            at=AT,
            public={"decision": "permitted"},
            private={"case_ref": "26-1234", "note": 'a "quoted" word\nand a line'},
        ),
        salts=[secrets.token_bytes(16) for _ in range(3)],
        key=bytes(32),
    )
    return PackageRecord(
        record_id=RecordId(17),
        entry=record.entry,
        proofs=tuple(proofs(record, key=bytes(32)).values()),
    )


def a_read() -> PackageRead:
    return PackageRead(
        read_id=ReadId(UUID(int=5)),
        camera_name="Main Street at the Green",
        place="41.76371, -72.68509",
        seen_at=AT,
        plate=PlateText(PLATE),
        confidence=0.9731,
        characters=(0.99, 0.99, 0.98, 0.71, 0.99, 0.99, 0.9999),
        state="CT",
        state_confidence=0.93,
        engine="charteroak 1",
        pictures=(
            Picture(kind=PictureKind.PLATE, jpeg=b"\xff\xd8plate"),
            Picture(kind=PictureKind.VEHICLE, jpeg=b"\xff\xd8vehicle"),
        ),
    )


def a_package() -> Package:
    return Package(
        folder="export-17",
        title="Export for court",
        agency="Oakville Police Department",
        case_ref="26-1234",
        made_by="Ines Q.",
        made_at=AT,
        made_for="State's Attorney, Hartford",
        why="Robbery",
        zone=ZoneInfo("America/New_York"),
        reads=(a_read(),),
        decision=Permit(
            request=Request(
                act=Act.EXPORT, custodian="CT", roles=frozenset({Role.INVESTIGATOR})
            ),
            because=(RULE,),
            fingerprint="ab" * 32,
        ),
        record=a_record(),
        key_at="https://plates.oakville.example/signing-key.pem",
    )


def built(package: Package | None = None) -> bytes:
    return build(package or a_package(), sign=KEY.sign, public_key_pem=PEM)


def unpacked(content: bytes, where: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        archive.extractall(where)
    (folder,) = where.iterdir()
    return folder


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False
    )


def commands(folder: Path) -> list[str]:
    """The commands, as VERIFY.txt tells them to somebody who has only the package."""
    lines = (folder / "VERIFY.txt").read_text("ascii").splitlines()
    indented = [line.strip() for line in lines if line.startswith("     ")]
    return [line for line in indented if re.match("sha256sum|openssl|while", line)]


def verifies(folder: Path) -> bool:
    sums, signature, _key, _proofs = commands(folder)
    first, second = run(sums, folder), run(signature, folder)
    return (
        first.returncode == 0
        and second.returncode == 0
        and "Signature Verified Successfully" in second.stdout
    )


def test_it_verifies_with_the_commands_that_it_names(tmp_path: Path) -> None:
    folder = unpacked(built(), tmp_path)

    assert folder.name == "export-17"
    assert verifies(folder)
    _sums, _signature, key, proofs_of = commands(folder)
    shown = run(key, folder).stdout.split()[0]
    assert shown == packages.fingerprint(PEM)
    assert shown in (folder / "VERIFY.txt").read_text()
    assert shown in (folder / "index.html").read_text().replace(" ", "")
    entry = json.loads((folder / "log-entry.json").read_bytes())
    found = [line.split()[0] for line in run(proofs_of, folder).stdout.splitlines()]
    assert sorted(found) == sorted(entry["committed"].values())


def test_everything_in_it_is_in_the_manifest(tmp_path: Path) -> None:
    folder = unpacked(built(), tmp_path)

    there = {
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
    }
    listed = {
        line.split("  ", 1)[1]
        for line in (folder / "SHA256SUMS").read_text().splitlines()
    }
    assert there - listed == {"SHA256SUMS", "SHA256SUMS.sig"}
    assert {"pictures/0001-plate.jpg", "pictures/0001-vehicle.jpg"} < listed


def every_file() -> list[str]:
    with zipfile.ZipFile(io.BytesIO(built())) as archive:
        return [name.split("/", 1)[1] for name in archive.namelist()]


@pytest.mark.parametrize("name", every_file())
def test_one_changed_byte_of_any_file_does_not_verify(
    tmp_path: Path, name: str
) -> None:
    folder = unpacked(built(), tmp_path)
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    checks = commands(folder)

    (folder / name).write_bytes(content)

    results = [run(command, folder).returncode for command in checks[:2]]
    assert any(results)


@pytest.mark.parametrize("name", every_file())
def test_without_any_one_file_it_does_not_verify(tmp_path: Path, name: str) -> None:
    folder = unpacked(built(), tmp_path)
    checks = commands(folder)

    (folder / name).unlink()

    assert any(run(command, folder).returncode for command in checks[:2])


def test_a_forger_with_a_key_of_their_own_shows_another_fingerprint(
    tmp_path: Path,
) -> None:
    other = Ed25519PrivateKey.generate()
    pem = other.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    forged = build(a_package(), sign=other.sign, public_key_pem=pem.decode())
    folder = unpacked(forged, tmp_path / "forged")

    # In itself it is sound: that is why the fingerprint is asked for elsewhere.
    assert verifies(folder)
    assert run(commands(folder)[2], folder).stdout.split()[0] != packages.fingerprint(
        PEM
    )
    (folder / "agency.pem").write_text(PEM)
    assert not verifies(folder)


def test_it_is_not_made_with_keys_that_do_not_belong_together() -> None:
    with pytest.raises(WrongKeyError):
        build(a_package(), sign=Ed25519PrivateKey.generate().sign, public_key_pem=PEM)


def test_the_same_package_is_the_same_bytes() -> None:
    package = a_package()

    assert built(package) == built(package)
    assert built(package) != built(attrs.evolve(package, made_for="somebody else"))


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.99, 0.9999])
def test_what_broke_off_does_not_open(share: float) -> None:
    whole = built()

    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(whole[: int(len(whole) * share)]))


def test_the_manifest_and_its_signature_are_written_last() -> None:
    with zipfile.ZipFile(io.BytesIO(built())) as archive:
        names = archive.namelist()

    assert names[-2:] == ["export-17/SHA256SUMS", "export-17/SHA256SUMS.sig"]
    assert names[:-2] == sorted(names[:-2])


def test_unzip_opens_it_too(tmp_path: Path) -> None:
    (tmp_path / "export.zip").write_bytes(built())

    assert run("unzip -q export.zip && unzip -tq export.zip", tmp_path).returncode == 0
    assert verifies(tmp_path / "export-17")


def test_no_name_in_it_tells_of_a_plate_or_a_case() -> None:
    with zipfile.ZipFile(io.BytesIO(built())) as archive:
        names = " ".join(archive.namelist())

    assert PLATE not in names
    assert "26-1234" not in names
    for folder in ["BK47193", "export-26-1234", "../export-1", "export", "-1", ""]:
        with pytest.raises(ValueError, match="folder"):
            attrs.evolve(a_package(), folder=folder)


def test_no_part_of_it_prints_a_plate() -> None:
    package = a_package()

    assert PLATE not in repr(package) + repr(package.reads) + repr(package.record)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""

    @override
    def handle_starttag(
        self, tag: str, attributes: list[tuple[str, str | None]]
    ) -> None:
        self.tags.append(tag)
        self.links += [
            value or "" for name, value in attributes if name in {"src", "href"}
        ]
        assert not [name for name, _ in attributes if name.startswith("on")]

    @override
    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(package: Package) -> _Page:
    with zipfile.ZipFile(io.BytesIO(built(package))) as archive:
        text = archive.read(f"{package.folder}/index.html").decode()
    parser = _Page()
    parser.feed(text)
    return parser


def test_a_person_reads_all_of_it_on_one_page() -> None:
    page = page_of(a_package())

    for words in [
        PLATE, "97.3 %", "Main Street at the Green", "2026-11-22 14:05:09 EST",
        "2026-11-22T19:05:09.000Z", "CT (93.0 %)", "71.0", "26-1234", "number 17",
        "CO-export-held", RULE.statute, RULE.plain, "no lawyer yet", "sha256sum -c",
        "openssl pkeyutl", "https://plates.oakville.example/signing-key.pem",
        "A key proves nothing by lying in the package", "gives no legal advice",
        "State's Attorney, Hartford", "Robbery",
    ]:  # fmt: skip
        assert words in page.text
    assert page.links == [
        link
        for name in ["pictures/0001-plate.jpg", "pictures/0001-vehicle.jpg"]
        for link in [name, name]
    ]
    assert "script" not in page.tags


def test_a_picture_that_cannot_be_put_in_is_told_and_not_left_out_in_silence(
    tmp_path: Path,
) -> None:
    read = attrs.evolve(
        a_read(),
        pictures=(
            Picture(kind=PictureKind.PLATE, jpeg=None, missing=Missing.DAMAGED),
            Picture(kind=PictureKind.VEHICLE, jpeg=b"there"),
        ),
        clock_suspect=True,
    )
    package = attrs.evolve(
        a_package(), reads=(read, attrs.evolve(a_read(), pictures=()))
    )

    page = page_of(package)

    assert "Picture of the plate: was damaged and could not be opened" in page.text
    assert "Came without a picture" in page.text
    assert "The clock of this camera was doubtful." in page.text
    folder = unpacked(built(package), tmp_path)
    assert verifies(folder)
    assert [path.name for path in (folder / "pictures").iterdir()] == [
        "0001-vehicle.jpg"
    ]
    first = json.loads((folder / "reads.json").read_bytes())[0]
    assert first["pictures"][0] == {
        "shows": "plate",
        "file": None,
        "missing": "damaged",
    }


def test_a_package_without_reads_says_so() -> None:
    assert (
        "There is no read in this package."
        in page_of(attrs.evolve(a_package(), reads=())).text
    )


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40)


@settings(deadline=None)  # a package is made and read again
@given(texts)
def test_whatever_a_person_typed_stays_text(typed: str) -> None:
    hostile = f"<script>alert(1)</script>{typed}&<"
    plain = page_of(a_package())

    page = page_of(
        attrs.evolve(
            a_package(),
            made_for=hostile,
            why=hostile,
            case_ref=hostile,
            made_by=hostile,
            reads=(
                attrs.evolve(
                    a_read(), camera_name=hostile, place=hostile, kept=hostile
                ),
            ),
        )
    )

    assert page.tags.count("script") == 0
    assert len(page.tags) >= len(plain.tags)
    assert hostile in page.text


def cells(package: Package) -> list[dict[str, str]]:
    with zipfile.ZipFile(io.BytesIO(built(package))) as archive:
        text = archive.read(f"{package.folder}/reads.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@settings(deadline=None)
@example("'", "")
@example("1+1", "\uff1d")
@given(
    texts, st.sampled_from(["", "=", "+", "-", "@", "\t", "\r", "\n", " =", "|", "%"])
)
def test_no_cell_is_a_formula(typed: str, begins: str) -> None:
    (row,) = cells(
        attrs.evolve(
            a_package(), reads=(attrs.evolve(a_read(), camera_name=begins + typed),)
        )
    )

    assert list(row) == list(COLUMNS)
    assert row["camera"].removeprefix("'") == begins + typed
    assert not row["camera"].lstrip().startswith(("=", "+", "-", "@", "|", "%"))
    assert row["plate"] == f"'{PLATE}"


def test_a_safe_text_is_left_as_it_is() -> None:
    assert safe_cell("Main Street, north-bound") == "Main Street, north-bound"


def test_numbers_of_the_read_are_the_same_in_every_file(tmp_path: Path) -> None:
    folder = unpacked(built(), tmp_path)
    (row,) = cells(a_package())
    (read,) = json.loads((folder / "reads.json").read_bytes())

    assert read["plate"] == PLATE
    assert float(row["whole_plate_probability"]) == read["confidence"] == 0.9731
    assert [float(each) for each in row["character_probabilities"].split()] == read[
        "characters"
    ]
    assert row["pictures"] == "pictures/0001-plate.jpg pictures/0001-vehicle.jpg"
    decision = json.loads((folder / "decision.json").read_bytes())
    assert decision["rules"][0]["id"] == "CO-export-held"
    assert decision["log_record"] == 17


def test_what_is_too_large_is_not_made() -> None:
    big = bytes(packages.LARGEST_BYTES)
    read = attrs.evolve(a_read(), pictures=(Picture(kind=PictureKind.PLATE, jpeg=big),))

    with pytest.raises(PackageTooLargeError):
        built(attrs.evolve(a_package(), reads=(read,)))


def test_a_manifest_is_what_sha256sum_writes(tmp_path: Path) -> None:
    files = {"b.txt": b"two", "a.txt": b"one"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    assert (
        packages.sha256_sums(files).decode()
        == run("sha256sum a.txt b.txt", tmp_path).stdout
    )
    assert hashlib.sha256(b"one").hexdigest() in packages.sha256_sums(files).decode()
