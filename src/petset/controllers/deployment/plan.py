"""What a Deployment needs next: the whole decision.

    ownership   which ReplicaSets are the Deployment's
    history     which has the present template, and which revision it is
    size        paused, or scaled since: every ReplicaSet keeps its share
    rollout     otherwise one step of the strategy; once it is complete, old ReplicaSets are forgotten
    status      counts and conditions

A Deployment that is being deleted gets its status counted and nothing else: the garbage collector does the rest.
Guarantee: whatever prefix of the actions was carried out, the next plan leads to the same end.
"""

from petset.api.models import apps_v1
from petset.api.objects import is_terminating
from petset.api.selectors import Selector
from petset.controllers.deployment import conditions as words
from petset.controllers.deployment import history, rollout, scaling, status
from petset.controllers.deployment.budget import is_rolling
from petset.controllers.deployment.conditions import Conditions
from petset.controllers.deployment.fleet import Fleet
from petset.controllers.deployment.model import Plan, Snapshot
from petset.ownership import membership


def plan(snapshot: Snapshot) -> Plan:
    """Everything to do now for one Deployment."""
    deployment = snapshot.deployment
    assert deployment.spec is not None
    stored = (deployment.status.conditions if deployment.status else None) or ()
    conditions = Conditions(stored, snapshot.now)
    selector = Selector.from_struct(deployment.spec.selector)
    joined = membership.decide(deployment, selector, snapshot.sets)
    fleet = history.gather(deployment, joined.members)
    if is_terminating(deployment):
        return Plan((), status.count(fleet, conditions))
    existed = fleet.new is not None
    history.bring_up_to_date(fleet)
    if deployment.spec.paused or scaling.is_due(fleet):
        reported = _resize(fleet, conditions)
    else:
        reported = _roll_out(fleet, conditions, snapshot, existed=existed)
    revision = fleet.new.note(history.REVISION) if fleet.new else ""
    again = status.next_look_seconds(fleet, conditions, reported, snapshot)
    return Plan((*joined.actions, *fleet.actions()), reported, revision, again)


def _resize(fleet: Fleet, conditions: Conditions) -> apps_v1.DeploymentStatus:
    _note_pause(fleet, conditions)
    scaling.scale(fleet)
    if fleet.deployment.spec and fleet.deployment.spec.paused:
        history.forget_the_oldest(fleet)
    return status.count(fleet, conditions)


def _roll_out(
    fleet: Fleet, conditions: Conditions, snapshot: Snapshot, *, existed: bool
) -> apps_v1.DeploymentStatus:
    _note_pause(fleet, conditions)
    if is_rolling(fleet.deployment):
        rollout.roll(fleet)
    else:
        rollout.recreate(fleet, snapshot)
    _note_new_set(fleet, conditions, existed=existed)
    reported = status.report(fleet, conditions, snapshot)
    if status.is_complete(fleet, reported):
        history.forget_the_oldest(fleet)
    return reported


def _note_pause(fleet: Fleet, conditions: Conditions) -> None:
    """Progress is not judged while the Deployment is paused; a deadline that has passed stays passed."""
    spec, known = fleet.deployment.spec, conditions.get(words.PROGRESSING)
    if words.deadline_seconds(fleet.deployment) is None or (known is not None and known.reason == words.TIMED_OUT):
        return
    is_noted = known is not None and known.reason == words.PAUSED
    if spec and spec.paused and not is_noted:
        conditions.set(words.PROGRESSING, "Unknown", words.PAUSED, "Deployment is paused")
    elif not (spec and spec.paused) and is_noted:
        conditions.set(words.PROGRESSING, "Unknown", words.RESUMED, "Deployment is resumed")


def _note_new_set(fleet: Fleet, conditions: Conditions, *, existed: bool) -> None:
    if words.deadline_seconds(fleet.deployment) is None or fleet.new is None:
        return
    name = fleet.new.name
    if not existed:
        conditions.set(words.PROGRESSING, "True", words.CREATED, f'Created new replica set "{name}"')
    elif conditions.get(words.PROGRESSING) is None:
        conditions.set(words.PROGRESSING, "True", words.FOUND, f'Found new replica set "{name}"')
