"""Enrolment: a one-time code makes this machine a box of an agency."""

import httpx2
import msgspec

from charteroak.core.errors import CharterOakError
from charteroak.core.wire import Enrolment, EnrolmentRequest
from charteroak.edge.identity import Identity
from charteroak.edge.settings import (
    DataFolder,
    Enrolled,
    UnreadableEnrolmentError,
    check_enrolment,
    parse_server,
    write_durably,
)
from charteroak.edge.web_client import open_client, refusal, why_unreachable

PATH = "/api/v1/enrolments"


class AlreadyEnrolledError(CharterOakError):
    """The data folder belongs to a box that is enrolled."""

    code = "charteroak.edge.already-enrolled"
    hint = "Give another folder with --data; this one's key and spool stay as they are."


class EnrolmentRefusedError(CharterOakError):
    """The server said no to the code."""

    code = "charteroak.edge.enrolment-refused"
    hint = "Ask the administrator for a new code on the cameras page."


class ServerUnreachableError(CharterOakError):
    """The server gave no answer."""

    code = "charteroak.edge.server-unreachable"
    hint = "Check the address, the network and, for a town's own CA, --authority."


def enrol(
    folder: DataFolder,
    *,
    server: str,
    code: str,
    software: str,
    authority_file: str | None = None,
) -> Enrolled:
    """Make a key, show it to the server with the code, and keep what it answers.

    The private key is on the disk before the server hears of the public one, and the
    enrolment is written whole: after a crash at any point either the box is enrolled
    or a new code enrols it.

    Args:
        folder: where the box will live; made if it is not there.
        server: base address, https, or http on this machine.
        code: as the cameras page shows it; case and dashes do not matter.
        software: name and version of this software.
        authority_file: certificates to trust, PEM; None for the system's.

    Raises:
        AlreadyEnrolledError: the folder belongs to a box already.
        EnrolmentRefusedError: a wrong, used or expired code, in the server's words.
        PlainHttpError: the reads would travel in the open.
        ServerUnreachableError: no answer.
        UnreadableEnrolmentError: an answer that is no enrolment.
        UnusableServerError: no address of a server.
        DataFolderError: the folder cannot be written.
    """
    base = parse_server(server)
    folder.prepare()
    if folder.enrolment.exists():
        raise AlreadyEnrolledError("this folder belongs to an enrolled box")
    with open_client(base, authority_file) as client:
        request = EnrolmentRequest(
            code=code.strip(),
            public_key=Identity.create(folder).public_key,
            software=software,
        )
        enrolment = _ask(client, base, request)
    enrolled = Enrolled(server=base, authority_file=authority_file, enrolment=enrolment)
    write_durably(folder.enrolment, msgspec.json.encode(enrolled))
    return enrolled


def _ask(client: httpx2.Client, base: str, request: EnrolmentRequest) -> Enrolment:
    try:
        answer = client.post(
            base + PATH,
            content=msgspec.json.encode(request),
            headers={"Content-Type": "application/json"},
        )
    except httpx2.HTTPError as trouble:
        raise ServerUnreachableError(why_unreachable(trouble)) from trouble
    if not answer.is_success:
        raise EnrolmentRefusedError(
            refusal(answer.status_code, answer.content).sentence
        )
    try:
        enrolment = msgspec.json.decode(answer.content, type=Enrolment)
    except (msgspec.MsgspecError, ValueError):
        raise UnreadableEnrolmentError("the answer is no enrolment") from None
    check_enrolment(enrolment)
    return enrolment
