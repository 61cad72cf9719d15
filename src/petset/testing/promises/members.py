"""Whom a set takes in: pods of nobody that have its labels, and no strays where it leaves them (rules 42, 62)."""

from petset.api.models import apps_v1, core_v1
from petset.api.objects import controller_of, is_terminating, meta, name_of, namespace_of
from petset.api.options import options_of
from petset.api.selectors import Selector
from petset.controllers.statefulset.identity import wanted_ordinals
from petset.testing.promises.scene import Scene, Sentences, ordinal_in


def pod_changed(scene: Scene, old: core_v1.Pod | None, new: core_v1.Pod | None) -> Sentences:
    """Judge each pod that has become a set's."""
    if old is None or new is None or controller_of(old) is not None:
        return
    owner = controller_of(new)
    if owner is None or owner.kind != "StatefulSet":
        return
    sets = [s for s in scene.sets_lately(new) if not is_terminating(s)]
    states = scene.picture.lately(core_v1.Pod, name_of(new), namespace_of(new))
    if not any(_may_take_in(s, state) for s in sets for state in states if state is not None):
        yield f"pod {name_of(new)} was taken in by {owner.name}, which had no right to it"


def _may_take_in(stateful_set: apps_v1.StatefulSet, pod: core_v1.Pod) -> bool:
    if not Selector.from_struct(stateful_set.spec.selector).matches(meta(pod).labels):
        return False
    wanted = ordinal_in(stateful_set, pod) in wanted_ordinals(stateful_set)
    return wanted or not options_of(meta(stateful_set).annotations).leave_strays
