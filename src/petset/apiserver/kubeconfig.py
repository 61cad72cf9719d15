"""The file that tells kubectl and every other client where the server is and who they are."""

from base64 import b64encode
from pathlib import Path

from petset.apiserver.certificates import CertificateFiles, write_private

NAME = "petset"
"""What the cluster, the user and the context are called."""

TEMPLATE = """\
apiVersion: v1
kind: Config
current-context: {name}
clusters:
- name: {name}
  cluster:
    server: {server}
    certificate-authority-data: {authority}
users:
- name: {name}-admin
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: {name}
  context:
    cluster: {name}
    user: {name}-admin
    namespace: default
"""


def server_url(host: str, port: int) -> str:
    """`https://127.0.0.1:6443`; a server that listens everywhere is reached over loopback."""
    reachable = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - compared
    bracketed = f"[{reachable}]" if ":" in reachable and not reachable.startswith("[") else reachable
    return f"https://{bracketed}:{port}"


def write(path: Path, server: str, files: CertificateFiles) -> None:
    """Write the administrator's kubeconfig, everything it needs inside it, readable by its owner alone."""
    content = TEMPLATE.format(
        name=NAME,
        server=server,
        authority=_base64(files.authority),
        certificate=_base64(files.admin),
        key=_base64(files.admin_key),
    )
    write_private(path, content.encode())


def _base64(path: Path) -> str:
    return b64encode(path.read_bytes()).decode()
