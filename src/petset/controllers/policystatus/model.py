"""What the policy status controller sees of one policy, and the one thing that it may write."""

from collections.abc import Sequence
from dataclasses import dataclass

from petset.api.kinds import Kind
from petset.api.models import admissionregistration_v1 as admission

Policy = admission.ValidatingAdmissionPolicy


@dataclass(frozen=True)
class Snapshot:
    """A policy, the kinds that its rules name, and the kind of its parameters, as they are served now."""

    policy: Policy
    kinds: Sequence[Kind] = ()
    params: Kind | None = None


@dataclass(frozen=True)
class ReportStatus:
    """Write the status of the policy."""

    policy: Policy


@dataclass(frozen=True)
class Plan:
    """At most one step."""

    actions: tuple[ReportStatus, ...] = ()
