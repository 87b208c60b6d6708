"""What an administrator can set, checked at the start.

Every setting is an environment variable with the prefix `CHARTEROAK_`, or a line of the
file that `--settings` names. No secret has a default: secrets are made at the first
start and lie in the data folder.
"""

import re
from datetime import date, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from charteroak.law.numbers import SHORTEST_PAPERS
from charteroak.law.vocabulary import is_purpose


class Settings(BaseSettings):
    """Settings of one agency's server."""

    model_config = SettingsConfigDict(
        env_prefix="CHARTEROAK_", frozen=True, extra="forbid"
    )

    data: Annotated[
        Path,
        Field(
            title="Data folder",
            description="Database, pictures, keys. Private to the service.",
        ),
    ] = Path("/var/lib/charteroak")
    dsn: Annotated[
        SecretStr | None,
        Field(
            title="Database",
            description="Any PostgreSQL 15 or newer. Empty: the embedded one.",
        ),
    ] = None
    agency: Annotated[
        str,
        Field(
            title="Short name of the agency",
            description="Names its schema: lower-case letters, digits, underscores.",
            pattern=r"^[a-z][a-z0-9_]{0,30}$",
        ),
    ] = "town"
    agency_name: Annotated[
        str, Field(title="Name of the agency", min_length=1, max_length=80)
    ] = "Town Police Department"
    jurisdiction: Annotated[
        str,
        Field(
            title="Law profile",
            description="Statute of the state: us_ct Connecticut, us_me Maine, us_mn "
            "Minnesota, us_nh New Hampshire, us_va Virginia, us_wa Washington.",
        ),
    ] = "us_ct"
    policy: Annotated[
        str | None,
        Field(
            title="The agency's own policy",
            description="Narrows the law: a policy that ships (published_prohibitions, "
            "serious_crime_only), a preset (minimal: three minutes, nobody; local: 72 "
            "hours, the state's agencies; statutory: what the law allows), or a .cedar "
            "file with its numbers in a .toml beside it. Read anew when it changes.",
        ),
    ] = None
    contract: Annotated[
        str | None,
        Field(
            title="The agency's contract",
            description="Narrows the law and the policy: no_sharing, or a .cedar or "
            ".toml file. Statute, policy and contract must all permit, and the shortest "
            "period counts. Read anew when it changes.",
        ),
    ] = None
    contact: Annotated[
        str,
        Field(
            title="Where to write to",
            description="Stands in letters that refuse a request: an office and its "
            "address. Empty: letters name the agency alone.",
            max_length=200,
        ),
    ] = ""
    time_zone: Annotated[
        str, Field(title="Time zone", description="For the clocks on the pages.")
    ] = "America/New_York"
    keep: Annotated[
        timedelta | None,
        Field(
            title="The agency's own retention limit",
            description="Shorter than the law's, if set: P7D is seven days, PT3M three "
            "minutes. The shortest always wins.",
            ge=timedelta(minutes=1),
        ),
    ] = None
    keep_decided_by: Annotated[
        str,
        Field(
            title="Who decided the agency's own limit",
            description="The body that did, such as Town Council; it is published. For "
            "a limit of `keep` or of the agency's policy.",
            max_length=120,
        ),
    ] = ""
    keep_decided_on: Annotated[
        date | None,
        Field(
            title="When it was decided",
            description="The day of that decision, such as 2026-10-05.",
        ),
    ] = None
    keep_papers: Annotated[
        timedelta | None,
        Field(
            title="The agency's own term for papers",
            description="How long warrants, declarations, consents and letters of the "
            "disclosure desk are kept after the answer, or after a declaration's end. "
            "Shorter than the law's, if set, and a year at least; the shortest always "
            "wins.",
            ge=SHORTEST_PAPERS,
        ),
    ] = None
    page_within: Annotated[
        timedelta,
        Field(
            title="Late hits",
            description="A hit that arrives later than this is shown, never sounded.",
        ),
    ] = timedelta(minutes=2)
    case_pattern: Annotated[
        str | None,
        Field(
            title="Form of a case number",
            description="A regular expression, in capitals. Empty: any with a digit.",
        ),
    ] = None
    case_example: Annotated[
        str,
        Field(
            title="A case number",
            description="Shown where one is asked for; it must have the form.",
            max_length=40,
        ),
    ] = "26-01234"
    case_records: Annotated[
        str | None,
        Field(
            title="Records system",
            description="Where case numbers are checked: a CSV file (case, status, "
            "unit), or an https address with {case} in it. Empty: nowhere.",
        ),
    ] = None
    case_records_token: Annotated[
        SecretStr | None,
        Field(
            title="Token for the records system",
            description="Sent as a bearer token, where the system asks for one.",
        ),
    ] = None
    case_units: Annotated[
        str | None,
        Field(
            title="Own units",
            description="Whose cases are searched for here, as the records name them, "
            "with commas. Empty: everybody's.",
        ),
    ] = None
    emergency_purposes: Annotated[
        str,
        Field(
            title="Emergencies",
            description="Purposes for which somebody may search before there is a case "
            "number, with commas; it must be bound to a case within 24 hours. Whether "
            "the law allows that is for a lawyer to say. Empty: none.",
        ),
    ] = "amber_alert,endangered_person,kidnapping,missing_person,silver_alert"
    host: Annotated[str, Field(title="Address to listen on")] = "127.0.0.1"
    port: Annotated[int, Field(title="Port", ge=1, le=65535)] = 8443
    tls_certificate: Annotated[Path | None, Field(title="TLS certificate file")] = None
    tls_key: Annotated[Path | None, Field(title="TLS key file")] = None
    proxy: Annotated[
        str | None,
        Field(
            title="Proxy in front",
            description="Address or network of the proxy that ends TLS. Nobody else is "
            "believed about where a request came from.",
        ),
    ] = None
    public_url: Annotated[
        str | None,
        Field(
            title="Address that boxes and browsers use",
            description="Such as https://lpr.example.gov; needed behind a proxy.",
        ),
    ] = None

    map_file: Annotated[
        Path | None,
        Field(
            title="Street map",
            description="A PMTiles file of the town. Empty: maps have a plain ground.",
        ),
    ] = None

    metrics_token: Annotated[
        SecretStr | None,
        Field(
            title="Token for /metrics",
            description="Who shows it may read the figures. Empty: only this machine, "
            "and nobody where a proxy stands in front.",
            min_length=16,
        ),
    ] = None

    @field_validator("proxy")
    @classmethod
    def _network(cls, value: str | None) -> str | None:
        if value is not None:
            ip_network(value)
        return value

    @field_validator("public_url")
    @classmethod
    def _secure(cls, value: str | None) -> str | None:
        """An https address; plain HTTP for this machine itself alone."""
        if value is None:
            return None
        parts = urlsplit(value)
        secure = parts.scheme == "https" or (
            parts.scheme == "http" and _is_loopback(parts.hostname or "")
        )
        if not secure or not parts.hostname:
            message = "give an https address, such as https://lpr.example.gov"
            raise ValueError(message)
        return value

    @field_validator("emergency_purposes")
    @classmethod
    def _purposes(cls, value: str) -> str:
        for code in split(value):
            if not is_purpose(code):
                message = f"{code} is no purpose; the form of a search lists them"
                raise ValueError(message)
        return value

    @field_validator("case_records")
    @classmethod
    def _records(cls, value: str | None) -> str | None:
        """A file, or an https address with a place for the number."""
        if value is None or "://" not in value:
            return value
        parts = urlsplit(value)
        secure = parts.scheme == "https" or (
            parts.scheme == "http" and _is_loopback(parts.hostname or "")
        )
        if not secure or "{case}" not in value:
            message = "give a file, or an https address with {case} in it"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _case_numbers(self) -> Self:
        """A form that can be read, and an example that has it."""
        if self.case_pattern is None:
            return self
        try:
            fits = re.fullmatch(self.case_pattern, self.case_example)
        except re.error:
            message = "CHARTEROAK_CASE_PATTERN is no regular expression"
            raise ValueError(message) from None
        if fits is None:
            message = (
                "CHARTEROAK_CASE_EXAMPLE does not have the form of "
                "CHARTEROAK_CASE_PATTERN"
            )
            raise ValueError(message)
        return self

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (OSError, ValueError, ZoneInfoNotFoundError):
            message = "no such time zone; give one such as America/New_York"
            raise ValueError(message) from None
        return value

    @model_validator(mode="after")
    def _safe_transport(self) -> Self:
        """Plain HTTP on loopback only; else certificates, or a named proxy."""
        if (self.tls_certificate is None) != (self.tls_key is None):
            message = (
                "set both CHARTEROAK_TLS_CERTIFICATE and CHARTEROAK_TLS_KEY, or neither"
            )
            raise ValueError(message)
        loopback = _is_loopback(self.host)
        if not loopback and self.tls_certificate is None and self.proxy is None:
            message = (
                "plain HTTP is for this machine only: set CHARTEROAK_TLS_CERTIFICATE and "
                "CHARTEROAK_TLS_KEY, or name the proxy in front in CHARTEROAK_PROXY"
            )
            raise ValueError(message)
        return self


def split(text: str) -> tuple[str, ...]:
    """The parts of a list with commas.

    >>> split(" a, b ,")
    ('a', 'b')
    """
    return tuple(part for part in map(str.strip, text.split(",")) if part)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        # A name may lead anywhere.
        return False
