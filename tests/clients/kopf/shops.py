"""An operator: a Shop has as many tills as it says, which are the pods of a set that it owns.

It is written as kopf's documentation teaches it, and knows nothing of where it runs.
"""

import os
from pathlib import Path
from typing import Any

import kopf
from kubernetes import client, config

Body = dict[str, Any]


@kopf.on.startup()
def begin(settings: kopf.OperatorSettings, **_: Any) -> None:
    config.load_kube_config()
    keys = Path(os.environ["WEBHOOK_KEYS"])
    files = {"certfile": keys / "server.crt", "pkeyfile": keys / "server.key", "cafile": keys / "ca.crt"}
    settings.admission.server = kopf.WebhookServer(addr="127.0.0.1", host="127.0.0.1", **files)
    settings.admission.managed = "shops.example.org"


@kopf.on.mutate("shops", operation="CREATE")
def note_who(userinfo: Body, patch: kopf.Patch, **_: Any) -> None:
    patch.metadata.annotations["example.org/opened-by"] = userinfo["username"]


@kopf.on.validate("shops")
def check_tills(spec: Body, warnings: list[str], **_: Any) -> None:
    if spec["tills"] > 9:
        raise kopf.AdmissionError("a shop has nine tills at most", code=400)
    if spec["tills"] > 5:
        warnings.append("that is a large shop")


@kopf.index("pods", labels={"shop": kopf.PRESENT})
def tills(namespace: str, name: str, labels: Body, status: Body, **_: Any) -> Body:
    """Which tills of a shop are open."""
    conditions = {c["type"]: c["status"] for c in status.get("conditions", ())}
    return {(namespace, labels["shop"]): name} if conditions.get("Ready") == "True" else {}


@kopf.on.create("shops")
def open_shop(name: str, namespace: str, spec: Body, **_: Any) -> Body:
    labels = {"shop": name}
    till = {"name": "till", "image": "debian:12", "command": ["sh", "-c", "trap exit TERM; sleep infinity & wait"]}
    pods = {"containers": [till], "terminationGracePeriodSeconds": 1}
    new = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": f"{name}-tills"},
        "spec": {
            "replicas": spec["tills"],
            "serviceName": name,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pods},
        },
    }
    kopf.adopt(new)
    client.AppsV1Api().create_namespaced_stateful_set(namespace, new)
    return {"set": f"{name}-tills"}


@kopf.on.field("shops", field="spec.tills", old=kopf.PRESENT)
def change_tills(body: Body, name: str, namespace: str, new: int, **_: Any) -> None:
    scale = {"spec": {"replicas": new}}
    client.AppsV1Api().patch_namespaced_stateful_set_scale(f"{name}-tills", namespace, scale)
    kopf.info(body, reason="Changed", message=f"the shop has {new} tills now")


@kopf.timer("shops", interval=0.2, idle=0.2)
def watching(name: str, namespace: str, patch: kopf.Patch, tills: kopf.Index, **_: Any) -> None:
    patch.status["watching"] = {"open": len(tills.get((namespace, name), ()))}


@kopf.on.delete("shops")
def close_shop(name: str, namespace: str, meta: Body, **_: Any) -> None:
    """The finalizer of kopf keeps the shop until this is done."""
    kept = {"metadata": {"name": f"{name}-was-here"}, "data": {"finalizers": ",".join(meta["finalizers"])}}
    client.CoreV1Api().create_namespaced_config_map(namespace, kept)


@kopf.on.create("configmaps", labels={"greet": "please"})
def greet(patch: kopf.Patch, **_: Any) -> None:
    patch.metadata.annotations["example.org/greeting"] = "hello"
