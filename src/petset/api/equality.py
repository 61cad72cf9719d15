"""Whether two values mean the same: an absent field, an empty list and an empty mapping all say "nothing".

Clients leave out what is empty, or send it; neither is a change of anybody's wishes. Quantities need no care here:
defaults have already brought them into their one canonical form.
"""

from typing import Any

import msgspec


def same_meaning(left: Any, right: Any) -> bool:
    """Equality up to absent and empty."""
    if left == right:
        return True
    if isinstance(left, msgspec.Struct) and type(left) is type(right):
        return all(same_meaning(getattr(left, f), getattr(right, f)) for f in left.__struct_fields__)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_meaning, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_meaning(v, right[k]) for k, v in left.items())
    return _says_nothing(left) and _says_nothing(right)


def _says_nothing(value: Any) -> bool:
    return value is None or value in ([], {})
