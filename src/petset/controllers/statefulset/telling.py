"""What the set's user hears of, as events on the set, in Kubernetes' own words (section I of the contract).

Scripts and dashboards match on these texts, slips of the pen included.
"""

from typing import Literal

from petset.api.models import apps_v1
from petset.api.objects import name_of
from petset.client.events import EventRecorder

Verb = Literal["Create", "Update", "Delete"]


class Teller:
    """Tells of one set."""

    def __init__(self, events: EventRecorder, owner: apps_v1.StatefulSet) -> None:
        self._events = events
        self._set = owner

    def succeeded(self, verb: Verb, pod: str) -> None:
        text = f"{verb} Pod {pod} in StatefulSet {name_of(self._set)} successful"
        self._tell("Normal", f"Successful{verb}", text)

    def failed(self, verb: Verb, pod: str, error: object) -> None:
        text = f"{verb} Pod {pod} in StatefulSet {name_of(self._set)} failed error: {error}"
        self._tell("Warning", f"Failed{verb}", text)

    def claim_created(self, claim: str, pod: str) -> None:
        text = f"Create Claim {claim} Pod {pod} in StatefulSet {name_of(self._set)} success"
        self._tell("Normal", "SuccessfulCreate", text)

    def claim_refused(self, claim: str, pod: str, error: object) -> None:
        """Once for the claim, and once for the pod that cannot be created without it (rule 25)."""
        text = f"Create Claim {claim} for Pod {pod} in StatefulSet {name_of(self._set)} failed error: {error}"
        self._tell("Warning", "FailedCreate", text)
        self.failed("Create", pod, f"failed to create PVC {claim}: {error}")

    def conflicting_controller(self, claim: str) -> None:
        text = (
            f"PersistentVolumeClaim {claim} has a conflicting OwnerReference that acts as a manging controller, "
            "the retention policy is ignored for this claim"
        )
        self._tell("Warning", "ConflictingController", text)

    def _tell(self, kind: Literal["Normal", "Warning"], reason: str, message: str) -> None:
        self._events.event(self._set, kind, reason, message)
