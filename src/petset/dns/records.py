"""What an answer is made of, before it has a wire format. Names are written without their final dot."""

from typing import NamedTuple


class Address(NamedTuple):
    """An A record, or an AAAA record where the address is one of IPv6."""

    owner: str
    address: str


class Alias(NamedTuple):
    """A CNAME record: ask for `target` instead."""

    owner: str
    target: str


class Locator(NamedTuple):
    """An SRV record: the service is on this port of `target`. The priority is always 0."""

    owner: str
    weight: int
    port: int
    target: str


class Pointer(NamedTuple):
    """A PTR record: the name that belongs to an address."""

    owner: str
    target: str


class Text(NamedTuple):
    """A TXT record."""

    owner: str
    text: str


class Authority(NamedTuple):
    """The SOA record of a zone. It goes with every answer that says no, and tells how long to believe it."""

    owner: str
    serial: int


Resource = Address | Alias | Locator | Pointer | Text | Authority


class Answer(NamedTuple):
    """The answer to one question. With no records, `exists` tells a name with other types from no name at all.

    `extra` are the addresses of the names that the records mention.
    """

    exists: bool
    records: tuple[Resource, ...] = ()
    extra: tuple[Address, ...] = ()


NO_SUCH_NAME = Answer(exists=False)
NO_SUCH_TYPE = Answer(exists=True)
