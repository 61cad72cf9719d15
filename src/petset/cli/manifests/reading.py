"""From the paths after `-f` to objects, each with the place it came from, so that every complaint can name it."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from petset.api.yaml11 import documents

if TYPE_CHECKING:
    from petset.api.kinds import Kind  # with all models: read only once the server is on its way

Document = dict[str, Any]
_SUFFIXES = {".yaml", ".yml", ".json"}


class ManifestError(Exception):
    """A manifest cannot be used. The message begins with the file, and the line where there is one."""


@dataclass(frozen=True)
class Manifest:
    """One object to apply, and where it stands: `redis.yaml:12`. `custom` is its kind, once that is known, where it
    is none of those built in."""

    document: Document
    place: str
    custom: "Kind | None" = None

    @property
    def api_version(self) -> str:
        return str(self.document["apiVersion"])

    @property
    def group(self) -> str:
        """Empty for the core kinds."""
        return self.api_version.rpartition("/")[0]

    @property
    def kind(self) -> str:
        return str(self.document["kind"])

    @property
    def name(self) -> str:
        return str(self.document["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """Empty where the manifest names none."""
        return str(self.document["metadata"].get("namespace") or "")


def read(paths: Sequence[str], stdin: Callable[[], str]) -> list[Manifest]:
    """All objects of files, directories (not their sub-directories) and `-`, in the order given.

    Raises ManifestError for the first thing that is not a manifest.
    """
    found = [manifest for path in paths for manifest in _read_path(path, stdin)]
    if paths and not found:
        raise ManifestError(f"{', '.join(paths)}: no objects found; give a file with at least one manifest")
    return found


def _read_path(path: str, stdin: Callable[[], str]) -> Iterator[Manifest]:
    if path == "-":
        yield from parse(stdin(), "standard input")
        return
    location = Path(path)
    if location.is_dir():
        for file in sorted(p for p in location.iterdir() if p.suffix in _SUFFIXES and p.is_file()):
            yield from parse(_text_of(file), str(file))
    else:
        yield from parse(_text_of(location), path)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ManifestError(f"{file}: no such file or directory") from None
    except UnicodeDecodeError as error:
        raise ManifestError(f"{file}: not UTF-8 text at byte {error.start}") from None
    except OSError as error:
        raise ManifestError(f"{file}: {error.strerror}") from None


def parse(text: str, source: str) -> Iterator[Manifest]:
    """The objects in one text: JSON where it starts with a brace, else YAML documents; lists are opened."""
    documents_of = _json_documents if text.lstrip().startswith("{") else _yaml_documents
    for line, document in documents_of(text, source):
        yield from _objects(document, f"{source}:{line}")


def _yaml_documents(text: str, source: str) -> list[tuple[int, Any]]:
    try:
        return list(documents(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{source}:{mark.line + 1}:{mark.column + 1}" if mark else source
        raise ManifestError(f"{where}: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ManifestError(f"{source}: cannot be read as YAML: {error}") from None


def _json_documents(text: str, source: str) -> list[tuple[int, Any]]:
    decoder = json.JSONDecoder(object_pairs_hook=_no_key_twice)
    position, found = 0, []
    try:
        while (start := _next_content(text, position)) < len(text):
            document, position = decoder.raw_decode(text, start)
            found.append((text.count("\n", 0, start) + 1, document))
    except json.JSONDecodeError as error:
        raise ManifestError(f"{source}:{error.lineno}:{error.colno}: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{source}: {error}") from None
    return found


def _next_content(text: str, position: int) -> int:
    """Where the next document starts: past white space and past a `---` between JSON documents."""
    while position < len(text) and (text[position].isspace() or text.startswith("---", position)):
        position += 3 if text.startswith("---", position) else 1
    return position


def _no_key_twice(pairs: list[tuple[str, Any]]) -> Document:
    result: Document = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f'key "{key}" is set twice in one object')
        result[key] = value
    return result


def _objects(document: Any, place: str) -> Iterator[Manifest]:
    if not isinstance(document, dict):
        raise ManifestError(f"{place}: a manifest must be a mapping, not {_shape(document)}")
    for field in ("apiVersion", "kind"):
        if not isinstance(document.get(field), str) or not document[field]:
            raise ManifestError(
                f"{place}: {field} is missing; each object needs one, as in '{field}: {_SAMPLE[field]}'"
            )
    if document["kind"].endswith("List") and "items" in document:
        yield from _items(document, place)
        return
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        hint = " (generateName cannot be applied: it has no name to find again)" if metadata else ""
        raise ManifestError(f"{place}: metadata.name is missing in this {document['kind']}{hint}")
    yield Manifest(document, place)


def _items(document: Document, place: str) -> Iterator[Manifest]:
    items = document["items"]
    if not isinstance(items, list):
        raise ManifestError(f"{place}: items must be a list, not {_shape(items)}")
    for index, item in enumerate(items):
        if isinstance(item, dict) and document["kind"] != "List":
            item = {  # noqa: PLW2901 - items of a typed list may leave out what the list says
                "apiVersion": document["apiVersion"],
                "kind": document["kind"].removesuffix("List"),
                **item,
            }
        yield from _objects(item, f"{place} items[{index}]")


_SAMPLE = {"apiVersion": "apps/v1", "kind": "StatefulSet"}


def _shape(value: Any) -> str:
    return {list: "a list", str: "text", bool: "true or false", type(None): "empty"}.get(type(value), "a number")
