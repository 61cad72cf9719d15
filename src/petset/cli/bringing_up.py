"""Applying manifests to the running server and following them until they are there."""

from collections.abc import Sequence

from petset.cli.applying import label
from petset.cli.connection import Connection, Refused, Unreachable
from petset.cli.directory import DataDirectory
from petset.cli.kinds import is_stateful_set, kind_of, namespace_of, with_served
from petset.cli.launching import stop_all
from petset.cli.manifests.reading import Manifest
from petset.cli.observing import observe
from petset.cli.progress import progress_for
from petset.cli.surroundings import CommandFailure, Surroundings
from petset.cli.together import apply_all
from petset.cli.view import SetView, views

_LOOK_SECONDS = 0.05
_LOOK_SECONDS_WHEN_SETTLED = 1.0


class BringUp:
    """Some manifests on their way to a running server. Raises CommandFailure for a kind that it does not have."""

    def __init__(self, directory: DataDirectory, manifests: Sequence[Manifest], surroundings: Surroundings) -> None:
        self._directory = directory
        self._surroundings = surroundings
        self._connection = Connection(directory)
        try:
            self._manifests = with_served(manifests, self._connection)
        except (Refused, Unreachable) as error:
            raise CommandFailure(str(error)) from error
        self._applied = {
            (namespace_of(manifest, kind_of(manifest)), manifest.name)
            for manifest in self._manifests
            if is_stateful_set(manifest)
        }

    def apply(self) -> None:
        """All of them or none; a line for each."""
        try:
            for manifest, outcome in apply_all(self._connection, self._manifests, self._surroundings):
                self._surroundings.say(f"{label(manifest)} {outcome}")
        except (Refused, Unreachable) as error:
            raise CommandFailure(str(error)) from error

    def attend(self, *, stop_after: bool) -> int:
        """Show progress until the person has seen enough; then, if so told, stop everything and keep the data."""
        ending = "stops everything and keeps the data" if stop_after else "ends this view"
        self._surroundings.say(f"kubeconfig: {self._directory.kubeconfig}   (Ctrl-C {ending})")
        progress = progress_for(self._surroundings)
        try:
            while True:
                found = self._look()
                progress.show(found)
                settled = all(view.is_reached for view in found)
                self._surroundings.sleep(_LOOK_SECONDS_WHEN_SETTLED if settled else _LOOK_SECONDS)
        except KeyboardInterrupt:
            progress.close()
            if stop_after:
                self._surroundings.say("stopping")
                stop_all(self._directory, self._surroundings)
            return 0
        finally:
            progress.close()

    def wait(self, timeout_seconds: float) -> int:
        """0 once every applied set is as its spec says. Raises CommandFailure with the reason after the time."""
        deadline = self._surroundings.monotonic() + timeout_seconds
        progress = progress_for(self._surroundings)
        try:
            while late := self._late(found := self._look()):
                progress.show(found)
                if self._surroundings.monotonic() >= deadline:
                    raise CommandFailure(
                        f"not all is Ready after {timeout_seconds:g} s: " + "; ".join(map(_reason, late))
                    )
                self._surroundings.sleep(_LOOK_SECONDS)
            progress.show(found)
        finally:
            progress.close()
        return 0

    def _look(self) -> tuple[SetView, ...]:
        """The sets that were applied, or every set where no manifest was given."""
        try:
            found = views(observe(self._connection), self._surroundings.now())
        except (Unreachable, Refused) as error:
            raise CommandFailure(f"{error}; {self._directory.log} may say more") from error
        return tuple(v for v in found if not self._manifests or (v.namespace, v.name) in self._applied)

    @staticmethod
    def _late(found: Sequence[SetView]) -> list[SetView]:
        return [view for view in found if not view.is_reached]


def _reason(view: SetView) -> str:
    stuck = next((row for row in view.rows if not row.ready), None)
    why = (stuck.why or stuck.phase) if stuck else view.blocked
    where = f"{stuck.name}: " if stuck else ""
    return f"{view.namespace}/{view.name} has {view.ready} of {view.wanted} ready ({where}{why})"
