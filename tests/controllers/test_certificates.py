"""Requests for certificates: signed once they are approved and sound, and forgotten after their time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petset.api.models import certificates_v1, meta_v1
from petset.controllers.certificates import invariants
from petset.controllers.certificates.model import LONGEST, SIGNER, Fail, Plan, Remove, Sign, Snapshot
from petset.controllers.certificates.plan import plan

NOW = datetime(2027, 1, 1, tzinfo=UTC)
WRONG_USAGE = "invalid usage for client certificate: ['server auth']"


def snapshot(
    *verdicts: str, signer: str = SIGNER, seconds: int | None = None, usages: str = "client auth",
    certificate: str = "", age_hours: float = 0.0,
) -> Snapshot:  # fmt: skip
    at = NOW - timedelta(hours=age_hours)
    conditions = [
        certificates_v1.CertificateSigningRequestCondition(type=kind, status="True", lastUpdateTime=at)
        for kind in verdicts
    ]
    request = certificates_v1.CertificateSigningRequest(
        metadata=meta_v1.ObjectMeta(name="joe", creationTimestamp=at),
        spec=certificates_v1.CertificateSigningRequestSpec(
            request="", signerName=signer, expirationSeconds=seconds, usages=usages.split(",") if usages else None
        ),
        status=certificates_v1.CertificateSigningRequestStatus(
            conditions=conditions or None, certificate=certificate or None
        ),
    )
    return Snapshot(request, NOW)


@pytest.mark.parametrize(
    ("asked", "decided"),
    [
        (snapshot(), Plan((), 24 * 3600)),
        (snapshot("Approved"), Plan((Sign(LONGEST),))),
        (snapshot("Approved", seconds=600), Plan((Sign(timedelta(minutes=10)),))),
        (snapshot("Approved", seconds=1 << 30), Plan((Sign(LONGEST),))),
        (snapshot("Approved", usages="client auth,digital signature"), Plan((Sign(LONGEST),))),
        (snapshot("Approved", usages="server auth"), Plan((Fail(WRONG_USAGE),))),
        (snapshot("Approved", signer="example.org/mine"), Plan((), 24 * 3600)),
        (snapshot("Approved", certificate="x"), Plan((), 3600)),
        (snapshot("Approved", "Denied"), Plan((), 3600)),
        (snapshot("Approved", "Failed"), Plan((), 3600)),
        (snapshot("Denied", age_hours=1), Plan((Remove(),))),
        (snapshot(age_hours=24), Plan((Remove(),))),
    ],
)  # fmt: skip
def test_a_request_is_answered_left_alone_or_cleared_away(asked: Snapshot, decided: Plan) -> None:
    assert plan(asked) == decided


@given(
    st.sets(st.sampled_from(["Approved", "Denied", "Failed"])),
    st.sampled_from([SIGNER, "example.org/mine"]),
    st.sampled_from(["", "client auth", "server auth", "client auth,any"]),
    st.sampled_from(["", "x"]),
    st.floats(0, 48),
)
def test_safety_nothing_is_signed_without_leave_and_liveness_every_request_comes_to_an_end(
    verdicts: set[str], signer: str, usages: str, certificate: str, age_hours: float
) -> None:
    asked = snapshot(*verdicts, signer=signer, usages=usages, certificate=certificate, age_hours=age_hours)
    decided = plan(asked)
    assert invariants.is_safe(asked, decided)
    assert decided.actions or (decided.wake_after_seconds or 0) > 0
