"""The promises that people build databases on, judged from outside, change by change.

The planner's own promises (`petset.controllers.statefulset.invariants`) say what a plan may do in the state it was
made from. These say what may ever happen in the world, whatever crashed, came late or was lost on the way.
"""

from collections.abc import Callable, Iterator
from typing import Any

from petset.api.models import apps_v1, core_v1
from petset.testing.promises import claims, members, order, pods, statuses
from petset.testing.promises.scene import Scene

Promise = Callable[[Scene, Any, Any], Iterator[str]]

PROMISES: dict[type[Any], tuple[Promise, ...]] = {
    apps_v1.StatefulSet: (statuses.set_changed,),
    apps_v1.ControllerRevision: (),
    core_v1.Node: (),
    core_v1.Pod: (pods.pod_changed, members.pod_changed, order.pod_changed),
    core_v1.PersistentVolumeClaim: (claims.claim_changed,),
    core_v1.PersistentVolume: (claims.volume_changed,),
}
"""What is judged at each change, by the kind that changed. Kinds without a promise are looked at by others'."""
