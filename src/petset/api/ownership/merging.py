"""One document laid over another by the schema, and the removal of fields from a document.

The second document wins where both give a value; elements of keyed lists meet by their keys. Neither argument is
changed; parts that stay may be shared with the result.
"""

from collections.abc import Iterator
from typing import Any

from petset.api.ownership.fieldsets import FieldSet, is_member, node, path_text, with_self
from petset.api.ownership.parts import RAW, Part, step_to


def merged(part: Part, live: Any, config: Any) -> Any:
    """`live` with what `config` says. A null in `config` empties a leaf and leaves all else alone."""
    part = part.as_found(config)
    if live is None or part.form == "leaf":
        return config
    if part.form in ("struct", "map") and isinstance(live, dict):
        return {**live, **_merged_members(part, live, config)} if config is not None else live
    if part.form in ("list", "set") and isinstance(live, list):
        return _merged_list(part, live, config) if config is not None else live
    return config


def _merged_members(part: Part, live: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    return {name: merged(part.child(name) or RAW, live.get(name), value) for name, value in config.items()}


def _merged_list(part: Part, live: list[Any], config: list[Any]) -> list[Any]:
    """Elements in the order of `config`; those that only `live` has stay where they are beside their neighbours."""
    assert part.of is not None
    before = [step_to(part, item) for item in live]
    after = {step_to(part, item): item for item in config}
    shared = [step for step in after if step in set(before)]
    known = {step: item for step, item in zip(before, live, strict=True) if before.count(step) == 1}
    wanted, result, position = list(after), [], 0
    done: set[str] = set()
    while position < len(before) or wanted:
        step = before[position] if position < len(before) else None
        if step is not None and step not in after:
            result.append(live[position])
            position += 1
            continue
        if step is not None and (step in done or (wanted and shared and step != wanted[0] and step != shared[0])):
            position += 1  # its turn is when `config` names it
            continue
        if not wanted:
            position += 1
            continue
        following = wanted.pop(0)
        done.add(following)
        result.append(merged(part.of, known.get(following), after[following]))
        if shared and shared[0] == following:
            shared.pop(0)
        if step == following:
            position += 1
    return result


def without(part: Part, value: Any, fields: FieldSet) -> Any:
    """The document without these fields; what is left empty by that becomes null."""
    part = part.as_found(value)
    if fields is None or part.form == "leaf" or not value:
        return value
    if isinstance(value, dict):
        kept = {
            name: without(part.child(name) or RAW, inner, fields.get(f"f:{name}"))
            for name, inner in value.items()
            if not is_member(fields.get(f"f:{name}"))
        }
        return kept or None
    if isinstance(value, list) and part.of is not None:
        items = ((step_to(part, item), item) for item in value)
        left = [without(part.of, item, fields.get(step)) for step, item in items if not is_member(fields.get(step))]
        return left or None
    return value


def named(part: Part, fields: FieldSet) -> FieldSet:
    """The set with every field of a struct on the way to its places: they can be removed with what is in them."""
    if not fields:
        return fields
    children: dict[str, Any] = {}
    for step, tree in fields.items():
        if step == ".":
            continue
        inner = named(part.below(step), tree)
        children[step] = with_self(inner) if part.has_field(step[2:]) else inner
    return node(is_member(fields), children)


def faults(part: Part, value: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """What an applied document may not have: unknown fields, wrong kinds of value, elements that cannot be told
    apart."""
    part = part.as_found(value)
    if part.form == "leaf" or value is None:
        return
    listed = part.form in ("list", "set")
    if listed and isinstance(value, list):
        yield from _faults_of_items(part, value, path)
    elif listed or not isinstance(value, dict):
        yield f"{path_text(path)}: expected {'list' if listed else 'map'}, got &{{{value}}}"
    else:
        for name, inner in value.items():
            below = (*path, f"f:{name}")
            child = part.child(name)
            if child is None:
                yield f"{path_text(below)}: field not declared in schema"
            else:
                yield from faults(child, inner, below)


def _faults_of_items(part: Part, items: list[Any], path: tuple[str, ...]) -> Iterator[str]:
    assert part.of is not None
    seen: set[str] = set()
    for index, item in enumerate(items):
        if part.form == "list" and not isinstance(item, dict):
            yield f"{path_text(path)}: element {index}: associative list with keys may not have non-map elements"
            continue
        step = step_to(part, item)
        if step == "k:{}":
            keys = [name for name, _ in part.keys]
            yield (
                f"{path_text(path)}: element {index}: associative list with keys has an element that omits key "
                f"field {', '.join(map(repr, keys))} (and doesn't have default value)"
            )
        elif step in seen:
            yield f"{path_text(path)}: duplicate entries for key {path_text((step,))}"
        else:
            yield from faults(part.of, item, (*path, step))
        seen.add(step)
