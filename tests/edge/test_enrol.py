"""Enrolment: one code, one key that stays here, and nothing in the open."""

import ipaddress
import ssl
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from charteroak.core.camera import UnusableCameraNameError
from charteroak.edge.enrol import (
    AlreadyEnrolledError,
    EnrolmentRefusedError,
    ServerUnreachableError,
    enrol,
)
from charteroak.edge.identity import (
    Identity,
    LostBootEpochError,
    OpenKeyError,
    UnreadableKeyError,
    next_boot_epoch,
)
from charteroak.edge.settings import (
    DataFolder,
    DataFolderError,
    Enrolled,
    ForeignCameraError,
    NotEnrolledError,
    PlainHttpError,
    UnreadableEnrolmentError,
    UnusableServerError,
    UnusableWatchError,
    load_enrolled,
    parse_server,
    parse_watch,
    write_durably,
)
from charteroak.edge.stream_address import UnusableStreamAddressError
from charteroak.edge.web_client import UnusableAuthorityError
from tests.edge.a_box import CAMERA, DEVICE, NOON
from tests.edge.a_server import CODE, Town, serving


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def server(town: Town) -> Iterator[str]:
    with serving(town) as address:
        yield address


def enrolled(folder: DataFolder, server: str, code: str = CODE) -> Enrolled:
    return enrol(folder, server=server, code=code, software="charteroak test")


def test_a_code_makes_a_box(tmp_path: Path, town: Town, server: str) -> None:
    folder = DataFolder(tmp_path / "box")

    made = enrolled(folder, f" {server}/ ", code=" abcd-efghjkmn ")

    assert load_enrolled(folder) == made
    assert made.server == server
    assert made.enrolment.device == DEVICE
    assert town.keys[str(DEVICE)] == Identity.load(folder).public_key
    assert town.software == "charteroak test"


def test_everything_is_for_this_user_only(tmp_path: Path, server: str) -> None:
    folder = DataFolder(tmp_path / "box")
    enrolled(folder, server)

    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in folder.path.iterdir()} == {0o600}
    assert Identity.load(folder).private_key.private_bytes_raw().hex() not in repr(
        Identity.load(folder)
    )


def test_a_used_code_is_refused_in_the_servers_words(
    tmp_path: Path, server: str
) -> None:
    enrolled(DataFolder(tmp_path / "one"), server)
    folder = DataFolder(tmp_path / "two")

    with pytest.raises(EnrolmentRefusedError) as refused:
        enrolled(folder, server)

    assert str(refused.value) == (
        "this code is not known, was used or has expired"
        " (charteroak.enrolment.unknown-code)"
    )
    with pytest.raises(NotEnrolledError):
        load_enrolled(folder)


def test_a_refused_box_enrols_with_the_next_code(
    tmp_path: Path, town: Town, server: str
) -> None:
    folder = DataFolder(tmp_path / "box")
    with pytest.raises(EnrolmentRefusedError):
        enrolled(folder, server, code="WRON-GGGG-GGGG")

    enrolled(folder, server)

    assert town.keys[str(DEVICE)] == Identity.load(folder).public_key


def test_an_enrolled_folder_is_left_alone(
    tmp_path: Path, town: Town, server: str
) -> None:
    folder = DataFolder(tmp_path)
    enrolled(folder, server)
    town.codes.add(CODE.replace("-", ""))
    before = folder.key.read_bytes()

    with pytest.raises(AlreadyEnrolledError):
        enrolled(folder, server)

    assert folder.key.read_bytes() == before
    assert town.codes


SHORT_KEY = b"""{"device": "5f0c6d5e-9f0a-4f43-9d2a-0d8b7f0b7c11", "agency": "",
    "agency_key": "AAAA", "cameras": [], "keep_s": 1}"""
KEY = b"A" * 43 + b"="
NO_TIME = SHORT_KEY.replace(b"AAAA", KEY).replace(b'"keep_s": 1', b'"keep_s": 0')
NO_NAME = SHORT_KEY.replace(b"AAAA", KEY).replace(b"[]", b'["Main St"]')


@pytest.mark.parametrize(
    "answer", [b"<html>sign in</html>", b"{}", SHORT_KEY, NO_TIME, NO_NAME]
)
def test_an_answer_that_is_no_enrolment(
    tmp_path: Path, town: Town, server: str, answer: bytes
) -> None:
    town.misbehave = [(200, answer)]

    with pytest.raises(UnreadableEnrolmentError):
        enrolled(DataFolder(tmp_path), server)
    assert not DataFolder(tmp_path).enrolment.exists()


def test_no_server(tmp_path: Path, town: Town) -> None:
    with serving(town) as gone:
        pass

    with pytest.raises(ServerUnreachableError):
        enrolled(DataFolder(tmp_path), gone)


@pytest.mark.parametrize(
    "good",
    [
        "https://alpr.example",
        "https://alpr.example:8443/town",
        "http://localhost:8000",
        "http://127.0.0.7:1",
        "http://[::1]:80",
    ],
)
def test_usable_servers(good: str) -> None:
    assert parse_server(good) == good


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ("http://alpr.example", PlainHttpError),
        ("http://10.0.0.1", PlainHttpError),
        ("http://localhost.example", PlainHttpError),
        ("http://127.0.0.1.example", PlainHttpError),
        ("alpr.example", UnusableServerError),
        ("ftp://alpr.example", UnusableServerError),
        ("https://", UnusableServerError),
        ("https://me:secret@alpr.example", UnusableServerError),
        ("https://alpr.example?x=1", UnusableServerError),
        ("https://alpr.example#x", UnusableServerError),
        ("https://alpr.example:port", UnusableServerError),
        ("https://[::1", UnusableServerError),
        ("", UnusableServerError),
    ],
)
def test_unusable_servers(bad: str, error: type[Exception], tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "box")
    with pytest.raises(error):
        enrolled(folder, bad)
    assert not folder.path.exists()


@contextmanager
def a_town_with_its_own_authority(
    town: Town, folder: Path
) -> Iterator[tuple[str, str]]:
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Testville")])
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOON - timedelta(days=3650))
        .not_valid_after(NOON + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([loopback]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, None)
    )
    pem, secret = folder / "town.pem", folder / "town.key"
    pem.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    with serving(town, tls=context) as address:
        yield address, str(pem)


def test_a_towns_own_authority(tmp_path: Path, town: Town) -> None:
    folder = DataFolder(tmp_path / "box")
    with a_town_with_its_own_authority(town, tmp_path) as (server, authority):
        with pytest.raises(ServerUnreachableError, match="not trusted"):
            enrolled(folder, server)

        made = enrol(
            folder, server=server, code=CODE, software="x", authority_file=authority
        )

    assert load_enrolled(folder).authority_file == made.authority_file == authority


def test_an_authority_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    for name in ["empty.pem", "not-there.pem"]:
        with pytest.raises(UnusableAuthorityError):
            enrol(
                DataFolder(tmp_path / "box"),
                server="https://127.0.0.1",
                code=CODE,
                software="x",
                authority_file=str(tmp_path / name),
            )


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    Identity.create(folder)
    folder.key.chmod(0o640)

    with pytest.raises(OpenKeyError):
        Identity.load(folder)


def test_a_damaged_or_missing_key(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    with pytest.raises(NotEnrolledError):
        Identity.load(folder)
    write_durably(folder.key, b"short")
    with pytest.raises(UnreadableKeyError):
        Identity.load(folder)


def test_a_damaged_enrolment(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    write_durably(folder.enrolment, b'{"server": 1')

    with pytest.raises(UnreadableEnrolmentError):
        load_enrolled(folder)


def test_starts_are_counted_from_one(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)

    assert [next_boot_epoch(folder) for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("content", ["", "x", "-3"])
def test_a_lost_count_of_starts_is_told(tmp_path: Path, content: str) -> None:
    folder = DataFolder(tmp_path)
    folder.boot_epoch.write_text(content)

    with pytest.raises(LostBootEpochError):
        next_boot_epoch(folder)


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(DataFolderError):
        DataFolder(tmp_path / "file" / "box").prepare()
    with pytest.raises(DataFolderError):
        write_durably(tmp_path / "nowhere" / "x", b"")


def test_watches(tmp_path: Path) -> None:
    watch = parse_watch(f"{CAMERA}={tmp_path}", [CAMERA])
    assert (watch.camera, watch.folder) == (CAMERA, tmp_path)

    with pytest.raises(ForeignCameraError):
        parse_watch(f"other={tmp_path}", [CAMERA])
    with pytest.raises(UnusableCameraNameError):
        parse_watch(f"Main St={tmp_path}", [CAMERA])
    for bad in ["", "=", f"={tmp_path}/nowhere", f"={tmp_path}/no.mp4"]:
        with pytest.raises(UnusableWatchError):
            parse_watch(f"{CAMERA}{bad}", [CAMERA])


def test_a_watch_may_be_a_stream_whose_password_is_never_shown(tmp_path: Path) -> None:
    address = "rtsp://admin:secret@10.0.0.7/live"
    video = tmp_path / "street.mp4"
    video.write_bytes(b"")

    watch = parse_watch(f"{CAMERA}={address}", [CAMERA])
    assert watch.stream == address
    assert "secret" not in repr(watch)
    for source in [str(video), "/dev/video7", "https://10.0.0.7/mjpg?a=b"]:
        assert parse_watch(f"{CAMERA}={source}", [CAMERA]).stream == source
    with pytest.raises(UnusableStreamAddressError) as refused:
        parse_watch(f"{CAMERA}=ftp://admin:secret@10.0.0.7/live", [CAMERA])
    assert "secret" not in str(refused.value)
