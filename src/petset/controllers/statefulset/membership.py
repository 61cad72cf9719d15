"""Which pods are taken in and which let go (rule 42).

A pod belongs by ownership, and ownership follows the selector: a pod that lost the labels is let go, an orphan that
has them (and a name of the set) is taken in. A set that is being deleted does neither. Who is which stands in the
roster (`standing.Judge`).
"""

from petset.controllers.statefulset.model import Action, AdoptPod, ReleasePod
from petset.controllers.statefulset.roster import Roster


def changes(roster: Roster) -> tuple[Action, ...]:
    """What makes the members that the roster counts the set's own, and nobody else."""
    return (*map(ReleasePod, roster.to_release()), *map(AdoptPod, roster.to_adopt()))
