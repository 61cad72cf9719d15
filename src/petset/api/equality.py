"""Whether two values mean the same.

Clients leave out what is empty, or send it: an absent field, an empty list and an empty mapping all say "nothing".
And an amount is the same whether it is written `1Gi` or `1073741824`. Neither is a change of anybody's wishes.
"""

from typing import Any

import msgspec

from petset.api import quantity
from petset.api.schema import Type, per_type, shape
from petset.api.untyped import Untyped


def same_meaning(left: Any, right: Any) -> bool:
    """Equality up to absent and empty, and to how amounts are written."""
    if left == right:
        return True
    if isinstance(left, msgspec.Struct) and type(left) is type(right):
        amounts = _amounts(type(left))
        return all(
            (_same_amounts if name in amounts else same_meaning)(getattr(left, name), getattr(right, name))
            for name in left.__struct_fields__
        )
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_meaning, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_meaning(v, right[k]) for k, v in left.items())
    return _says_nothing(left) and _says_nothing(right)


def _says_nothing(value: Any) -> bool:
    return value is None or value in ([], {})


@per_type
def _amounts(model: type[Any]) -> frozenset[str]:
    """The fields that hold a quantity, or a mapping to quantities."""
    if issubclass(model, Untyped):
        return frozenset()
    return frozenset(f.attribute for f in shape(model).fields.values() if _is_amount(f.type))


def _is_amount(of: Type) -> bool:
    return of.name == "Quantity" or (of.name == "map" and of.of is not None and of.of.name == "Quantity")


def _same_amounts(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return quantity.parse(left).nanos == quantity.parse(right).nanos
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same_amounts(v, right[k]) for k, v in left.items())
    return _says_nothing(left) and _says_nothing(right)
