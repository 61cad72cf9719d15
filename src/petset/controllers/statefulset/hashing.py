"""The name of a set's pod template, made as for every owner that keeps ControllerRevisions."""

from petset.ownership.hashing import canonical, fnv1_32, revision_hash, template_in, template_patch

__all__ = ["canonical", "fnv1_32", "revision_hash", "template_in", "template_patch"]
