"""The canonical texts of templates and revisions, each made once: a template by generation, a revision for ever.

Serialising and hashing a template costs more than the rest of a quiet sync together, and it changes only when the
set's spec does. A stored revision's data never changes.
"""

from petset.api.models import apps_v1
from petset.api.objects import meta, uid_of
from petset.ownership.hashing import canonical, template_patch
from petset.ownership.revisions import Revision


class Texts:
    """Canonical texts, remembered until their set or revision is forgotten."""

    def __init__(self) -> None:
        self._templates: dict[str, tuple[int, bytes]] = {}
        self._revisions: dict[str, bytes] = {}

    def template(self, stateful_set: apps_v1.StatefulSet) -> bytes:
        """The patch of the set's present template."""
        uid, generation = uid_of(stateful_set), meta(stateful_set).generation or 0
        known = self._templates.get(uid)
        if known is None or known[0] != generation:
            known = generation, canonical(template_patch(stateful_set.spec.template))
            self._templates[uid] = known
        return known[1]

    def revision(self, stored: apps_v1.ControllerRevision) -> Revision:
        """A stored revision with its text."""
        uid = uid_of(stored)
        text = self._revisions.get(uid)
        if text is None:
            text = self._revisions[uid] = canonical(stored.data)
        return Revision(stored, text)

    def forget_set(self, uid: str) -> None:
        self._templates.pop(uid, None)

    def forget_revision(self, uid: str) -> None:
        self._revisions.pop(uid, None)
