"""`matchConditions`: the last question before a webhook or policy is tried, in expressions about the request."""

from collections.abc import Sequence

from petset.api import expressions
from petset.api.expressions import ExpressionError, Scope
from petset.api.models import admissionregistration_v1 as admission


def hold(conditions: Sequence[admission.MatchCondition], scope: Scope) -> bool:
    """Whether all conditions do. One that does not settles it; else what cannot be tried raises ExpressionError."""
    trouble: list[str] = []
    for condition in conditions:
        try:
            if expressions.evaluate(condition.expression, scope) is not True:
                return False
        except ExpressionError as error:
            trouble.append(str(error))
    if trouble:
        raise ExpressionError(trouble[0] if len(trouble) == 1 else f"[{', '.join(trouble)}]")
    return True
