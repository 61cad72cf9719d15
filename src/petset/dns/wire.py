"""Between our answers and the bytes of the protocol, which `dnslib` knows.

An answer that does not fit is cut, not dropped: the truncation bit makes a resolver ask again over TCP, and those
that never do (musl's did not for long) still get as many addresses as there is room for.
"""

from dnslib import AAAA, CNAME, EDNS0, PTR, QTYPE, RCODE, RR, SOA, SRV, TXT, A, DNSError, DNSRecord

from petset.dns.records import Address, Alias, Answer, Authority, Locator, Pointer, Resource, Text

TTL_SECONDS = 5
"""How long a client may believe an answer: CoreDNS' own default, short, since pods come back at new addresses."""

_MOST_UDP_BYTES = 4096


def read(data: bytes) -> DNSRecord | None:
    """The message, or None where the bytes are not one that asks exactly one question."""
    try:
        message = DNSRecord.parse(data)
    except (DNSError, ValueError, IndexError):
        return None
    return message if len(message.questions) == 1 and not message.header.qr else None


def question(message: DNSRecord) -> tuple[str, str]:
    """The name and the type that a message asks for."""
    return str(message.q.qname), QTYPE[message.q.qtype]


def is_for_internet(message: DNSRecord) -> bool:
    """Whether it asks in the class IN; the others carry server versions and history."""
    return bool(message.q.qclass == 1)


def reply(request: DNSRecord, answer: Answer, authority: Authority) -> DNSRecord:
    """The reply that says what the answer says, with our authority."""
    message = request.reply(ra=1, aa=1)
    message.header.rcode = RCODE.NOERROR if answer.exists else RCODE.NXDOMAIN
    for resource in answer.records:
        message.add_answer(_rr(resource))
    for address in answer.extra:
        message.add_ar(_rr(address))
    if not answer.records:
        message.add_auth(_rr(authority))
    return _with_edns(request, message)


def failure(request: DNSRecord, code: str) -> DNSRecord:
    """A reply without an answer: `SERVFAIL`, `NOTIMP`."""
    message = request.reply(ra=1, aa=0)
    message.header.rcode = getattr(RCODE, code)
    return _with_edns(request, message)


def pack(request: DNSRecord, message: DNSRecord, *, over_udp: bool) -> bytes:
    """The bytes to send: over UDP no more than the asker takes, with the truncation bit where that is not all."""
    packed: bytes = message.pack()
    limit = _udp_limit(request) if over_udp else 65535
    if len(packed) <= limit:
        return packed
    message.ar = [record for record in message.ar if record.rtype == QTYPE.OPT]
    message.header.tc = 1
    answers = message.rr
    fits, too_many = 0, len(answers) + 1
    while too_many - fits > 1:
        message.rr = answers[: (fits + too_many) // 2]
        if len(message.pack()) <= limit:
            fits = len(message.rr)
        else:
            too_many = len(message.rr)
    message.rr = answers[:fits]
    return bytes(message.pack())


def _udp_limit(request: DNSRecord) -> int:
    for record in request.ar:
        if record.rtype == QTYPE.OPT:
            return max(512, min(int(record.edns_len), _MOST_UDP_BYTES))
    return 512


def _with_edns(request: DNSRecord, message: DNSRecord) -> DNSRecord:
    if any(record.rtype == QTYPE.OPT for record in request.ar):
        message.add_ar(EDNS0(udp_len=_MOST_UDP_BYTES))
    return message


def _rr(resource: Resource) -> RR:
    kind, data = _data(resource)
    return RR(resource.owner, kind, ttl=TTL_SECONDS, rdata=data)


def _data(resource: Resource) -> tuple[int, object]:
    match resource:
        case Address(_, address):
            return (QTYPE.AAAA, AAAA(address)) if ":" in address else (QTYPE.A, A(address))
        case Alias(_, target):
            return QTYPE.CNAME, CNAME(target)
        case Locator(_, weight, port, target):
            return QTYPE.SRV, SRV(0, weight, port, target)
        case Pointer(_, target):
            return QTYPE.PTR, PTR(target)
        case Text(_, text):
            return QTYPE.TXT, TXT(text)
        case Authority(owner, serial):
            times = (serial, 7200, 1800, 86400, TTL_SECONDS)  # serial, refresh, retry, expire, negative answers
            return QTYPE.SOA, SOA(f"ns.dns.{owner}", f"hostmaster.{owner}", times)
