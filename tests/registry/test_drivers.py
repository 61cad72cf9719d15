"""What storage drivers say of themselves: completed, checked and kept."""

from typing import Any

import msgspec
import pytest

from petset.api.errors import Invalid
from petset.api.kinds import by_model, by_type
from petset.api.models import storage_v1
from petset.registry.port import WriteOptions
from petset.testing.loop import run
from petset.testing.plane import plane


def made(kind: str, body: dict[str, Any]) -> Any:
    found = by_type("storage.k8s.io/v1", kind)
    assert found is not None
    document = {"metadata": {"name": "d.example.org"}, **body}
    return msgspec.convert(document, found.model)


ATTACHED = {"attacher": "d.example.org", "nodeName": "n", "source": {"persistentVolumeName": "pv"}}


def test_a_driver_is_completed_as_kubernetes_does() -> None:
    async def story() -> None:
        async with plane() as control:
            driver = await control.client.create(made("CSIDriver", {"spec": {}}))
            assert driver.spec == storage_v1.CSIDriverSpec(
                attachRequired=True,
                fsGroupPolicy="ReadWriteOnceWithFSType",
                podInfoOnMount=False,
                requiresRepublish=False,
                seLinuxMount=False,
                storageCapacity=False,
                volumeLifecycleModes=["Persistent"],
            )
            attachment = await control.client.create(made("VolumeAttachment", {"spec": ATTACHED}))
            assert attachment.status == storage_v1.VolumeAttachmentStatus(attached=False)

    run(story())


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        ("CSIDriver", {"spec": {"fsGroupPolicy": "x"}}, 'spec.fsGroupPolicy: Unsupported value: "x"'),
        ("CSIDriver", {"spec": {"volumeLifecycleModes": ["x"]}}, "spec.volumeLifecycleModes: Unsupported value"),
        (
            "CSIDriver",
            {"spec": {"tokenRequests": [{"audience": "a", "expirationSeconds": 1}]}},
            "may not specify a duration less than 10 minutes",
        ),
        (
            "CSIDriver",
            {"spec": {"tokenRequests": [{"audience": "a"}, {"audience": "a"}]}},
            r"spec.tokenRequests\[1\].audience: Duplicate value",
        ),
        ("CSINode", {"spec": {"drivers": [{"name": "d", "nodeID": ""}]}}, r"drivers\[0\].nodeID: Required value"),
        ("VolumeAttachment", {"spec": {**ATTACHED, "source": {}}}, "spec.source: Required value"),
        ("VolumeAttributesClass", {"driverName": "d"}, "must contain at least one key/value pair"),
    ],
)
def test_what_cannot_be_is_refused(kind: str, body: dict[str, Any], message: str) -> None:
    async def story() -> None:
        async with plane() as control:
            with pytest.raises(Invalid, match=message):
                await control.client.create(made(kind, body))

    run(story())


@pytest.mark.parametrize(
    ("kind", "before", "after", "message"),
    [
        ("CSIDriver", {"spec": {}}, {"spec": {"attachRequired": False}}, "field is immutable"),
        ("VolumeAttachment", {"spec": ATTACHED}, {"spec": {**ATTACHED, "nodeName": "m"}}, "field is immutable"),
        (
            "VolumeAttributesClass",
            {"driverName": "d", "parameters": {"a": "1"}},
            {"driverName": "d", "parameters": {"a": "2"}},
            "updates to parameters are forbidden",
        ),
    ],
)
def test_what_volumes_rely_on_does_not_change(
    kind: str, before: dict[str, Any], after: dict[str, Any], message: str
) -> None:
    async def story() -> None:
        async with plane() as control:
            await control.client.create(made(kind, before))
            changed = made(kind, after)
            with pytest.raises(Invalid, match=message):
                await control.registry.update(by_model(type(changed)), "", "d.example.org", changed, WriteOptions())

    run(story())
