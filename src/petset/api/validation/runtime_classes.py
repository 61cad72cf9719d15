"""By what pods are run: the name of a handler, what it costs, and where it is."""

from petset.api import names
from petset.api.models import core_v1, node_v1
from petset.api.validation.fields import Faults
from petset.api.validation.metadata import check_labels
from petset.api.validation.placement import check_tolerations
from petset.api.validation.resources import check_resources


def check_runtime_class(runtime_class: node_v1.RuntimeClass, faults: Faults) -> None:
    """A handler's name is all that must be there."""
    faults.each("handler", runtime_class.handler, names.dns_label(runtime_class.handler))
    fixed = runtime_class.overhead.podFixed if runtime_class.overhead is not None else None
    if fixed:
        check_resources("overhead.podFixed", core_v1.ResourceRequirements(limits=fixed), faults)
    where = runtime_class.scheduling
    if where is not None:
        check_labels("scheduling.nodeSelector", where.nodeSelector, faults)
        check_tolerations("scheduling.tolerations", where.tolerations or [], faults)
        for index, toleration in enumerate(where.tolerations or ()):
            if toleration in (where.tolerations or [])[:index]:
                faults.duplicate(f"scheduling.tolerations[{index}]", toleration)


def check_runtime_class_update(new: node_v1.RuntimeClass, old: node_v1.RuntimeClass, faults: Faults) -> None:
    """Pods that run were started by the handler."""
    check_runtime_class(new, faults)
    faults.unchanged("handler", new.handler, old.handler)
