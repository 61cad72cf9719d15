"""How large a value may become by its schema, and how small: what the cost of a rule is estimated from.

What a schema does not limit is limited by what a request may hold.
"""

from petset.api.custom.structural import Schema

REQUEST_BYTES = 3 << 20
"""What a request may hold."""
LONGEST = REQUEST_BYTES - 2
"""A text that is all there is in a request, without its quotes."""
_SMALLEST = {"string": 2, "boolean": 4, "integer": 1, "number": 1, "array": 2, "object": 2}
_SMALLEST_OF_FORMAT = {"date": 12, "date-time": 21, "duration": 4}
_LARGEST_OF_FORMAT = {"date": 12, "date-time": 36, "duration": 32}
_BYTES_A_CHARACTER = 4


def most_elements(schema: Schema) -> int:
    """Bytes of a text, elements of a list, entries of a map; 0 for what has no size of its own."""
    if schema.int_or_string:
        return LONGEST if schema.max_length is None else max(0, schema.max_length) * _BYTES_A_CHARACTER
    if schema.type == "string":
        return _longest_text(schema)
    if schema.type == "array" and schema.items is not None:
        if schema.max_items is not None:
            return max(0, schema.max_items)
        return LONGEST // (_smallest(schema.items) + 1)
    if schema.type == "object" and schema.values is not None and not schema.properties:
        if schema.max_properties is not None:
            return max(0, schema.max_properties)
        return LONGEST // (_smallest(schema.values) + 6)
    return 0


def _longest_text(schema: Schema) -> int:
    if schema.format in _LARGEST_OF_FORMAT:
        return _LARGEST_OF_FORMAT[schema.format]
    if schema.max_length is not None:
        return max(0, schema.max_length) * (1 if schema.format == "byte" else _BYTES_A_CHARACTER)
    if schema.enum:
        return max(len(each.encode()) if isinstance(each, str) else 0 for each in schema.enum)
    return LONGEST


def _smallest(schema: Schema) -> int:
    """The fewest bytes that a value takes as JSON."""
    if schema.int_or_string:
        return 1
    if schema.type == "string" and schema.format in _SMALLEST_OF_FORMAT:
        return _SMALLEST_OF_FORMAT[schema.format]
    least = _SMALLEST.get(schema.type, 1)
    if schema.type != "object":
        return least
    needed = (name for name in schema.required if name in schema.properties)
    written = (name for name in needed if not schema.properties[name].has_default)
    return least + sum(len(name) + _smallest(schema.properties[name]) + 4 for name in written)
