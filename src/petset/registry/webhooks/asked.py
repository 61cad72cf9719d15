"""One write as webhooks are asked about it. The documents they get are made only for those who are asked."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from petset.api import objects
from petset.api.encode import to_document
from petset.api.kinds import Kind
from petset.api.models import core_v1, meta_v1
from petset.registry import scale
from petset.registry.forms import from_stored
from petset.registry.port import UNKNOWN, User

Operation = Literal["CREATE", "UPDATE", "DELETE", "CONNECT"]
Document = dict[str, Any]
Gvk = tuple[str, str, str]


@dataclass(frozen=True)
class Asked:
    """What is done to which object, by whom.

    `new` is what shall be there (None for a deletion), `old` what is there now (None for a creation); both are the
    whole object, also where a sub-resource is written, or documents where what is sent is no object of the kind,
    as an Eviction: then `sent_as` is its group, version and kind. `options` is what the request says besides.
    """

    operation: Operation
    kind: Kind
    name: str
    namespace: str
    new: Any
    old: Any
    options: Document
    subresource: str = ""
    by: User = UNKNOWN
    dry_run: bool = False
    warnings: list[str] = field(default_factory=list)
    sent_as: Gvk | None = None
    versions: dict[str, tuple[Document | None, Document | None]] = field(default_factory=dict)
    """New and old object in other versions, by `apiVersion`, where a webhook had to be asked for them."""

    def with_new(self, new: Any) -> "Asked":
        """The same write with another outcome."""
        return replace(self, new=new, versions={})

    def type(self, kind: Kind) -> Gvk:
        """Group, version and kind of the object that webhooks get who want it as `kind`."""
        if self.sent_as is not None:
            return self.sent_as
        if self.subresource == "scale":
            return "autoscaling", "v1", "Scale"
        return kind.group, kind.version, kind.name

    @property
    def is_of_cluster(self) -> bool:
        """Whether it lies in no namespace. A namespace itself does not, although requests name it as theirs."""
        return not self.namespace or self.kind.model is core_v1.Namespace

    def labels(self) -> list[dict[str, str]]:
        """The labels of what shall be there and of what is."""
        if self.subresource == "scale":
            return [{}]
        return [_labels(each) for each in (self.new, self.old) if each is not None]

    def document(self, obj: Any, kind: Kind | None = None) -> Document | None:
        """The object as webhooks get it, where they want it as the same in another version."""
        if obj is None or isinstance(obj, dict):
            return obj
        if self.subresource == "scale":
            return to_document(scale.scale_of(self.kind, obj))
        if kind is not None and kind.api_version in self.versions:
            return self.versions[kind.api_version][0 if obj is self.new else 1]
        if kind is None or kind is self.kind:
            return to_document(obj)
        if kind.custom is None:
            return to_document(from_stored(kind, obj))
        return {**to_document(obj), "apiVersion": kind.api_version}


def _labels(obj: Any) -> dict[str, str]:
    if isinstance(obj, dict):
        metadata = obj.get("metadata") or {}
        return dict(metadata.get("labels") or {})
    metadata_struct: meta_v1.ObjectMeta = objects.meta(obj)
    return metadata_struct.labels or {}
