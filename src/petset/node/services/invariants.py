"""What holds of every plan of the data plane: nothing opens twice, nothing closes that is not there."""

from petset.node.services.model import Action, Backends, Change, Close, Front, Open


def applied(standing: dict[Front, Backends], action: Action) -> dict[Front, Backends]:
    """What stands after the action. AssertionError for one that the kernel would refuse."""
    after = dict(standing)
    match action:
        case Open(front, backends):
            assert front not in standing, f"{front} is open already"
            after[front] = backends
        case Change(front, before, backends):
            assert standing.get(front) == before, f"{front} does not stand as the change says"
            after[front] = backends
        case Close(front, before):
            assert standing.get(front) == before, f"{front} does not stand as it is closed"
            del after[front]
    return after
