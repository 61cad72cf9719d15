"""Links of a page that is seen through a proxy: those from the root of its own server get the proxy's path first.

As Kubernetes does it by default: in `Location` headers, and in the attributes of HTML that hold addresses. Relative
links need nothing, links to other hosts are let be.
"""

import re
import zlib
from urllib.parse import urlsplit, urlunsplit

_TAG = re.compile(rb"""<[a-zA-Z](?:[^<>"']|"[^"]*"|'[^']*')*>""")
_ADDRESS = re.compile(
    rb"""(\s(?:action|background|cite|codebase|formaction|href|icon|longdesc|manifest|poster|profile|src)\s*=\s*)"""
    rb"""("[^"]*"|'[^']*'|[^\s"'>]+)""",
    re.IGNORECASE,
)
_LONGEST_TAG_BYTES = 64 * 1024


class Links:
    """`prefix` is the proxy's path up to and with `/proxy`; `hosts` are the names by which the server is asked."""

    def __init__(self, prefix: str, *hosts: str) -> None:
        self._prefix = prefix
        self._hosts = hosts

    def through(self, url: str) -> str:
        """The link as it leads through the proxy."""
        try:
            scheme, host, path, query, fragment = urlsplit(url)
        except ValueError:
            return url
        elsewhere = (host and host not in self._hosts) or (scheme and not host)
        if elsewhere or not path.startswith("/"):
            return url
        if not path.startswith(self._prefix):
            path = self._prefix + path
        return urlunsplit(("", "", path, query, fragment))

    def _in_tag(self, tag: re.Match[bytes]) -> bytes:
        return _ADDRESS.sub(self._in_attribute, tag.group())

    def _in_attribute(self, attribute: re.Match[bytes]) -> bytes:
        before, value = attribute.groups()
        quote = value[:1] if value[:1] in (b'"', b"'") else b""
        url = value.strip(quote).decode("latin-1") if quote else value.decode("latin-1")
        return bytes(before + quote + self.through(url).encode("latin-1") + quote)

    def in_html(self, page: bytes) -> bytes:
        """Whole tags with their links led through the proxy."""
        return _TAG.sub(self._in_tag, page)


class Page:
    """An HTML page that comes in pieces, gzipped or not."""

    def __init__(self, links: Links, *, gzipped: bool) -> None:
        self._links = links
        self._unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if gzipped else None
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """What can be sent on by now: all but a tag that has only begun. zlib.error for what is not packed."""
        text = self._rest + (self._unpack.decompress(data) if self._unpack else data)
        begun = text.rfind(b"<")
        if begun < 0 or b">" in text[begun:] or len(text) - begun > _LONGEST_TAG_BYTES:
            begun = len(text)
        self._rest = text[begun:]
        return self._links.in_html(text[:begun])

    def end(self) -> bytes:
        """The rest."""
        return self._links.in_html(self._rest + (self._unpack.flush() if self._unpack else b""))
