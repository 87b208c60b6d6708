"""The server's settings, given on its command line.

There they outrank postgresql.conf, postgresql.auto.conf and ALTER SYSTEM, so a data
folder cannot drift from what this release promises.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

SETTINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # Reached through a socket in a closed folder, never through the network.
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        # Deletion is real: a recycled segment keeps dropped rows for weeks, a removed
        # one does not (with recycling 1.9 M copies stayed, without it none).
        "wal_recycle": "off",
        "min_wal_size": "32MB",
        "max_wal_size": "256MB",
        # Nothing acknowledged is lost, and a question is on the disk before the look.
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        # No standby and no archive: both would be copies that nobody purges.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "archive_mode": "off",
        # A plate never reaches the log. Parameters and statements are obvious; DETAIL
        # carries the row that broke a constraint (terse drops it); and even the first
        # line of an ERROR can quote a value, so errors go to the client alone. Level
        # `log` keeps start, stop, recovery, FATAL and PANIC.
        "log_min_messages": "log",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_statement": "none",
        "log_duration": "off",
        "log_min_duration_statement": "-1",
        "log_min_duration_sample": "-1",
        "log_transaction_sample_rate": "0",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_lock_waits": "off",
        "log_temp_files": "-1",
        "log_replication_commands": "off",
        "log_checkpoints": "off",
        "log_line_prefix": "%m [%p] ",
        "log_timezone": "UTC",
        "log_destination": "stderr",
        "logging_collector": "off",
        # The supervisor shows this while a recovery runs.
        "log_startup_progress_interval": "2s",
        # On: only read partitions switch it off, each for itself.
        "autovacuum": "on",
        "shared_buffers": "128MB",
        "max_connections": "100",
        "timezone": "UTC",
        "jit": "off",
    }
)


def arguments(socket_folder: Path) -> Iterator[str]:
    """The settings as arguments of `postgres`."""
    for name, value in SETTINGS.items():
        yield from ("-c", f"{name}={value}")
    yield from ("-c", f"unix_socket_directories={socket_folder}")
