"""What holds of the slices of a Service once a plan has been carried out."""

from collections import Counter
from collections.abc import Iterable

from petset.api.models import discovery_v1
from petset.controllers.endpoints.model import MOST_ENDPOINTS_A_SLICE, Snapshot


def broken(snapshot: Snapshot, slices: Iterable[discovery_v1.EndpointSlice]) -> list[str]:
    """What is wrong with `slices`, the slices of the snapshot's Service; empty where all holds.

    - Every member is in exactly one slice, and nobody else is in any.
    - No slice holds more than 100 endpoints.
    """
    slices = list(slices)
    wanted = {m.endpoint.targetRef.uid for m in snapshot.members if m.endpoint.targetRef}
    held = Counter(e.targetRef.uid for s in slices for e in s.endpoints or () if e.targetRef)
    found = [f"pod {uid} is in no slice" for uid in wanted - held.keys()]
    found += [f"{uid} is in a slice and no member" for uid in held.keys() - wanted]
    found += [f"pod {uid} is in {count} slices" for uid, count in held.items() if count > 1]
    found += ["a slice is too long" for s in slices if len(s.endpoints or ()) > MOST_ENDPOINTS_A_SLICE]
    return found
