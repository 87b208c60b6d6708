"""Whom the database runs as: PostgreSQL refuses root, and rightly.

We use a user that exists; we never create one, and we never open a folder that
somebody has closed.
"""

import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Final

import attrs

from charteroak.server.store.postgres import launch
from charteroak.server.store.postgres.errors import (
    NoPermissionError,
    UnreachableFolderError,
)

# `nobody` is on every Unix; a package or an administrator may make the other.
_SHARED: Final = "nobody"
_NAMES: Final = ("charteroak", _SHARED)

LAUNCHER: Final = (sys.executable, "-I", "-S", str(Path(launch.__file__).resolve()))

# Nothing of the caller's environment: PGOPTIONS, PGDATA and the like would be obeyed.
ENVIRONMENT: Final = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}


@attrs.frozen(kw_only=True)
class ServiceUser:
    """The user that the server's processes belong to.

    Attributes:
        drop: true when the caller is root and must become this user first.
    """

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    drop: bool

    def launch_arguments(self) -> tuple[str, str, str]:
        """UID, GID and GROUPS as the launcher takes them."""
        if not self.drop:
            return ("-", "-", "-")
        return (str(self.uid), str(self.gid), ",".join(map(str, self.groups)))

    def give(self, path: Path) -> None:
        """Make a file or folder that we have just made this user's own."""
        if self.drop:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def must_reach(self, folder: Path) -> None:
        """Check, as this user, that `folder` can be entered.

        Asked of the kernel rather than computed from mode bits, because access lists
        and network file systems have their own opinion.

        Raises:
            UnreachableFolderError: it cannot; names the folder that is closed.
        """
        if not self.drop:
            return
        asked = subprocess.run(  # noqa: S603  # our own program, no shell
            [*LAUNCHER, "reach", *self.launch_arguments(), str(folder)],
            capture_output=True,
            check=False,
            cwd="/",
            env=ENVIRONMENT,
        )
        if asked.returncode == launch.BLOCKED:
            raise UnreachableFolderError(
                blocked_by=Path(os.fsdecode(asked.stdout)), user=self.name
            )
        if asked.returncode != 0:
            said = asked.stderr.decode(errors="replace").strip().splitlines()[-1:]
            message = f"cannot become the user {self.name!r}: {' '.join(said)}"
            raise NoPermissionError(message)


def service_user(existing_data: Path) -> ServiceUser:
    """Choose whom the server runs as.

    Not root: the caller. Root: the owner of the data if there are data, else
    `charteroak` if that user exists, else `nobody`.

    Raises:
        NoPermissionError: no such user exists on this machine.
    """
    if os.geteuid() != 0:
        return ServiceUser(
            name=str(os.geteuid()),
            uid=os.geteuid(),
            gid=os.getegid(),
            groups=tuple(os.getgroups()),
            drop=False,
        )
    if existing_data.is_dir() and (owner := existing_data.stat()).st_uid != 0:
        return _account(owner.st_uid, owner.st_gid)
    for name in _NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return _account(entry.pw_uid, entry.pw_gid)
    raise NoPermissionError(
        "PostgreSQL must not run as root, and neither user 'charteroak' nor 'nobody' "
        "exists"
    )


def is_shared(existing_data: Path) -> bool:
    """Whether the data belong to `nobody`, as whom other programs may run too.

    False where there are none: then this machine runs no server of ours.
    """
    try:
        return existing_data.stat().st_uid == pwd.getpwnam(_SHARED).pw_uid
    except (OSError, KeyError):
        return False


def _account(uid: int, gid: int) -> ServiceUser:
    try:
        name = pwd.getpwuid(uid).pw_name
        groups = tuple(os.getgrouplist(name, gid))
    except KeyError:
        # A user deleted since: the number is enough.
        name, groups = str(uid), (gid,)
    return ServiceUser(name=name, uid=uid, gid=gid, groups=groups, drop=True)
