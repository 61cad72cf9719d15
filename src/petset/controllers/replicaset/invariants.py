"""What no action of a ReplicaSet plan may ever do."""

from petset.api.objects import controller_of, is_terminating, uid_of
from petset.controllers.replicaset.model import Action, CreatePod, DeletePod, Snapshot
from petset.ownership.membership import Adopt, is_owned
from petset.ownership.pods import is_active


def violations(snapshot: Snapshot, action: Action) -> tuple[str, ...]:
    """The promises that `action` would break in the state of `snapshot`."""
    spec = snapshot.set.spec
    assert spec is not None
    own = {uid_of(pod): pod for pod in snapshot.pods if is_owned(snapshot.set, pod)}
    active = sum(map(is_active, own.values()))
    wanted = spec.replicas or 0
    broken = []
    if is_terminating(snapshot.set):
        broken.append("nothing is done for a set that is going")
    if isinstance(action, CreatePod) and active >= wanted:
        broken.append("no pod is created beyond the replicas")
    if isinstance(action, DeletePod) and active <= wanted:
        broken.append("no pod is deleted that the replicas need")
    if isinstance(action, DeletePod) and uid_of(action.pod) not in own:
        broken.append("no pod of somebody else is deleted")
    if isinstance(action, Adopt) and controller_of(action.object) is not None:
        broken.append("nobody's pod is taken away")
    return tuple(broken)
