"""One question to one reply: from the zone where it is ours, from the machine's resolvers where it is not.

Our own answers need no waiting. A Service may be an alias of a name elsewhere; the resolvers in C libraries expect
the addresses behind an alias in the same reply, so the alias is followed here, within the zone or beyond it.
"""

from dnslib import QTYPE, DNSRecord

from petset.dns import wire
from petset.dns.forward import Forwarder
from petset.dns.records import Address, Alias, Answer
from petset.dns.zone import Zone

_MOST_ALIASES = 8


class Resolver:
    """Answers with the zone's present state."""

    def __init__(self, zone: Zone, forwarder: Forwarder) -> None:
        self._zone = zone
        self._forwarder = forwarder
        self._turns = 0

    def reply_at_once(self, request: DNSRecord) -> DNSRecord | None:
        """The reply, or None where somebody else must be asked for it or for a part of it."""
        if request.header.opcode != 0:
            return wire.failure(request, "NOTIMP")
        found = self._follow(request)
        if found is None or _loose_end(found, request):
            return None
        return wire.reply(request, self._rotated(found), self._zone.authority)

    async def reply(self, request: DNSRecord, query: bytes, *, over_udp: bool) -> bytes:
        """The reply's bytes, with the help of others where needed; SERVFAIL where they do not help."""
        own = self._follow(request)
        alias = _loose_end(own, request) if own else None
        if own is None or alias is None:
            reply = await self._forwarder.ask(query, over_udp=over_udp)
            return reply or wire.pack(request, wire.failure(request, "SERVFAIL"), over_udp=over_udp)
        message = wire.reply(request, own, self._zone.authority)
        beyond = DNSRecord.question(alias.target, QTYPE[request.q.qtype])
        beyond.header.id = request.header.id
        reply = await self._forwarder.ask(beyond.pack(), over_udp=over_udp)
        for record in DNSRecord.parse(reply).rr if reply else ():
            message.add_answer(record)
        return wire.pack(request, message, over_udp=over_udp)

    def _follow(self, request: DNSRecord) -> Answer | None:
        """The zone's answer, with what it knows behind an alias; None where the name is not the zone's."""
        name, kind = wire.question(request)
        answer = self._zone.answer(name, kind) if wire.is_for_internet(request) else None
        for _ in range(_MOST_ALIASES):
            alias = _loose_end(answer, request) if answer else None
            behind = self._zone.answer(alias.target, kind) if alias else None
            if answer is None or behind is None:
                return answer
            answer = Answer(exists=True, records=(*answer.records, *behind.records), extra=behind.extra)
            if not behind.records:
                return answer
        return answer

    def _rotated(self, answer: Answer) -> Answer:
        """The addresses in turn, as CoreDNS deals them, so that clients that take the first spread out."""
        addresses = [record for record in answer.records if isinstance(record, Address)]
        if len(addresses) < 2:
            return answer
        self._turns += 1
        start = self._turns % len(addresses)
        others = [record for record in answer.records if not isinstance(record, Address)]
        return answer._replace(records=(*others, *addresses[start:], *addresses[:start]))


def _loose_end(answer: Answer | None, request: DNSRecord) -> Alias | None:
    """The alias at an answer's end whose target is still to be looked up."""
    last = answer.records[-1] if answer and answer.records else None
    return last if isinstance(last, Alias) and request.q.qtype != QTYPE.CNAME else None
