"""Our own certificate authority, and the two certificates it signs: the server's and the administrator's.

A server that is secure by default needs certificates nobody had to make by hand. They live as PEM files,
readable by their owner alone, in one directory, and are used again at the next start. What they say and how long
they last stands beside them in `certificates.json`, so that a start that has nothing to renew never loads the
cryptography library.

The record is written last: a crash half way leaves no record, and the next start signs anew with whatever authority
is complete.
"""

import ipaddress
import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

AUTHORITY_LIFE = timedelta(days=3650)
LEAF_LIFE = timedelta(days=365)
RENEW_BEFORE = timedelta(days=60)
"""A certificate with less than this left is made again at the next start."""

SERVICE_NAMES = (
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)
SERVICE_ADDRESS = "10.96.0.1"


@dataclass(frozen=True)
class CertificateFiles:
    """Where the PEM files are. The authority's certificate is what clients trust."""

    authority: Path
    authority_key: Path
    server: Path
    server_key: Path
    admin: Path
    admin_key: Path

    @classmethod
    def under(cls, directory: Path) -> "CertificateFiles":
        """The files' places, whether they exist or not."""
        return cls(
            directory / "ca.crt",
            directory / "ca.key",
            directory / "server.crt",
            directory / "server.key",
            directory / "admin.crt",
            directory / "admin.key",
        )

    def all(self) -> tuple[Path, ...]:
        """Every file, authority first."""
        return (self.authority, self.authority_key, self.server, self.server_key, self.admin, self.admin_key)


def ensure(directory: Path, bind_addresses: Sequence[str], now: datetime) -> CertificateFiles:
    """The files, made anew where they are missing, too old, or lack a name the server answers to."""
    files = CertificateFiles.under(directory)
    record_path = directory / "certificates.json"
    names = subject_names(bind_addresses)
    record = _read_record(record_path)
    if _is_good(record, files, names, now):
        return files
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    from petset.apiserver.signing import sign_all  # loads cryptography: only where something must be signed

    keep_authority = (
        files.authority.exists() and files.authority_key.exists() and _lasts(record, "authority_until", now)
    )
    record_path.unlink(missing_ok=True)
    authority_until = sign_all(files, names, now, keep_authority=keep_authority)
    write_private(
        record_path,
        json.dumps(
            {
                "names": list(names),
                "authority_until": authority_until.isoformat(),
                "leaves_until": min(now + LEAF_LIFE, authority_until).isoformat(),
            }
        ).encode(),
    )
    return files


def subject_names(bind_addresses: Sequence[str]) -> tuple[str, ...]:
    """Every name and address under which a client may reach the server, each once, in a stable order."""
    host = socket.gethostname()
    wanted = ["localhost", "127.0.0.1", "::1", SERVICE_ADDRESS, *SERVICE_NAMES, host, *bind_addresses]
    concrete = [name for name in wanted if name and name not in ("0.0.0.0", "::")]  # noqa: S104 - left out
    return tuple(dict.fromkeys(concrete))


def is_address(name: str) -> bool:
    """An IP address goes into a certificate differently from a name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def write_private(path: Path, content: bytes) -> None:
    """Replace a file in one step; it is never readable by others, nor ever half there."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _read_record(path: Path) -> Mapping[str, Any]:
    try:
        record = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _is_good(record: Mapping[str, Any], files: CertificateFiles, names: tuple[str, ...], now: datetime) -> bool:
    return (
        all(path.exists() for path in files.all())
        and set(names) <= set(record.get("names", ()))
        and _lasts(record, "authority_until", now)
        and _lasts(record, "leaves_until", now)
    )


def _lasts(record: Mapping[str, Any], key: str, now: datetime) -> bool:
    try:
        return datetime.fromisoformat(str(record[key])) - now > RENEW_BEFORE
    except (KeyError, ValueError):
        return False
