"""Directories that exist only on paper, for simulated time, which has no threads and should have no disk."""


class SimulatedDirectories:
    """A `Directories` that remembers what there is. `full` makes every creation fail as a full disk does."""

    def __init__(self) -> None:
        self.modes: dict[str, int] = {}
        self.full = False

    async def create(self, path: str, mode: int) -> None:
        if self.full:
            raise OSError(28, "No space left on device", path)
        self.modes[path] = mode

    async def remove(self, path: str) -> None:
        self.modes.pop(path, None)
