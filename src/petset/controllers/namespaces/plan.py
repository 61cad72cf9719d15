"""What a namespace needs next: its furniture while it lives, its emptying when it goes.

A namespace that terminates takes no new objects, so emptying it comes to an end: delete what is there, wait for
what takes its time (pods stop gracefully, finalizers are other people's work), and only when a look finds
nothing, let it go.
"""

from collections import Counter
from datetime import datetime

from msgspec.structs import replace

from petset.api.models import core_v1, meta_v1
from petset.api.objects import is_terminating, name_of
from petset.controllers.namespaces.model import (
    ACCOUNT,
    FINALIZER,
    ROOT_CA,
    Action,
    CreateAccount,
    CreateRootCa,
    DeleteObject,
    Finalize,
    Plan,
    ReportStatus,
    Snapshot,
    UpdateRootCa,
)

CA_DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. "
    "No other usage is guaranteed across distributions of Kubernetes clusters."
)


def plan(snapshot: Snapshot) -> Plan:
    """The steps for one namespace. Guarantee: it is let go only when nothing remains in it."""
    if not is_terminating(snapshot.namespace):
        return Plan(tuple(_furnish(snapshot)))
    finalizers = (snapshot.namespace.spec.finalizers if snapshot.namespace.spec else None) or []
    if FINALIZER not in finalizers:
        return Plan(waiting=f"held by finalizers {', '.join(finalizers)}" if finalizers else "")
    if not snapshot.remaining:
        rest = [f for f in finalizers if f != FINALIZER]
        return Plan((Finalize(replace(snapshot.namespace, spec=core_v1.NamespaceSpec(finalizers=rest))),))
    return _empty(snapshot)


def _furnish(snapshot: Snapshot) -> list[Action]:
    name, actions = name_of(snapshot.namespace), list[Action]()
    if snapshot.account is None:
        metadata = meta_v1.ObjectMeta(name=ACCOUNT, namespace=name)
        account = core_v1.ServiceAccount(apiVersion="v1", kind="ServiceAccount", metadata=metadata)
        actions.append(CreateAccount(account))
    if not snapshot.root_ca_pem:
        return actions
    data = {"ca.crt": snapshot.root_ca_pem}
    if snapshot.root_ca is None:
        metadata = meta_v1.ObjectMeta(
            name=ROOT_CA, namespace=name, annotations={"kubernetes.io/description": CA_DESCRIPTION}
        )
        root_ca = core_v1.ConfigMap(apiVersion="v1", kind="ConfigMap", metadata=metadata, data=data)
        actions.append(CreateRootCa(root_ca))
    elif snapshot.root_ca.data != data:
        actions.append(UpdateRootCa(replace(snapshot.root_ca, data=data, binaryData=None)))
    return actions


def _empty(snapshot: Snapshot) -> Plan:
    deletions = tuple(DeleteObject(obj) for obj in snapshot.remaining if not obj.terminating)
    conditions = _conditions(snapshot)
    before = snapshot.namespace.status or core_v1.NamespaceStatus()
    report: tuple[Action, ...] = ()
    if not _say_the_same(before.conditions or [], conditions):
        status = replace(before, phase="Terminating", conditions=conditions)
        report = (ReportStatus(replace(snapshot.namespace, status=status)),)
    return Plan((*deletions, *report), _content(snapshot))


def _conditions(snapshot: Snapshot) -> list[core_v1.NamespaceCondition]:
    """The five that Kubernetes sets; nothing can go wrong with discovery here."""
    held = _finalizers(snapshot)
    return [
        _condition(snapshot, "NamespaceDeletionDiscoveryFailure", "", "All resources successfully discovered"),
        _condition(
            snapshot, "NamespaceDeletionGroupVersionParsingFailure", "", "All legacy kube types successfully parsed"
        ),
        _condition(
            snapshot,
            "NamespaceDeletionContentFailure",
            "",
            "All content successfully deleted, may be waiting on finalization",
        ),
        _condition(snapshot, "NamespaceContentRemaining", "SomeResourcesRemain", _content(snapshot)),
        _condition(snapshot, "NamespaceFinalizersRemaining", "SomeFinalizersRemain" if held else "", held),
    ]


def _condition(snapshot: Snapshot, type_: str, problem: str, message: str) -> core_v1.NamespaceCondition:
    """True with the problem's reason, or False with the reason that goes with all being well."""
    well = {
        "NamespaceDeletionDiscoveryFailure": "ResourcesDiscovered",
        "NamespaceDeletionGroupVersionParsingFailure": "ParsedGroupVersions",
        "NamespaceDeletionContentFailure": "ContentDeleted",
        "NamespaceContentRemaining": "ContentRemoved",
        "NamespaceFinalizersRemaining": "ContentHasNoFinalizers",
    }
    return core_v1.NamespaceCondition(
        type=type_,
        status="True" if problem else "False",
        reason=problem or well[type_],
        message=message or "All content-preserving finalizers finished",
        lastTransitionTime=_since(snapshot, type_, "True" if problem else "False"),
    )


def _since(snapshot: Snapshot, type_: str, status: str) -> datetime:
    conditions = (snapshot.namespace.status.conditions if snapshot.namespace.status else None) or ()
    same = (c.lastTransitionTime for c in conditions if c.type == type_ and c.status == status)
    return next(same, None) or snapshot.now


def _content(snapshot: Snapshot) -> str:
    counts = Counter(obj.resource for obj in snapshot.remaining)
    told = [f"{resource} has {count} resource instances" for resource, count in sorted(counts.items())]
    return f"Some resources are remaining: {', '.join(told)}"


def _finalizers(snapshot: Snapshot) -> str:
    counts = Counter(finalizer for obj in snapshot.remaining for finalizer in obj.finalizers)
    told = [f"{finalizer} in {count} resource instances" for finalizer, count in sorted(counts.items())]
    return f"Some content in the namespace has finalizers remaining: {', '.join(told)}" if told else ""


def _say_the_same(before: list[core_v1.NamespaceCondition], after: list[core_v1.NamespaceCondition]) -> bool:
    return [(c.type, c.status, c.message) for c in before] == [(c.type, c.status, c.message) for c in after]
