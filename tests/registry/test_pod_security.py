"""Pod security standards: who is kept out at which level, and who is warned."""

from typing import Any

import pytest
from registry.given import PLAIN, PODS, SETS, create, merge, meta, play, pod, statefulset
from registry.test_limits import asking

from petset.api.errors import Forbidden, Invalid
from petset.api.models import core_v1
from petset.registry.port import WriteOptions
from petset.testing.plane import Plane

SAFE = {
    "allowPrivilegeEscalation": False,
    "capabilities": core_v1.Capabilities(drop=["ALL"]),
    "runAsNonRoot": True,
    "seccompProfile": core_v1.SeccompProfile(type="RuntimeDefault"),
}


async def namespace(p: Plane, **modes: str) -> str:
    labels = {f"pod-security.kubernetes.io/{mode.replace('_', '-')}": level for mode, level in modes.items()}
    await create(p, core_v1.Namespace(metadata=meta("shop", labels=labels)))
    return "shop"


def secured(name: str = "a", **context: Any) -> core_v1.Pod:
    sent = pod(name)
    assert sent.spec is not None
    sent.spec.containers[0].securityContext = core_v1.SecurityContext(**{**SAFE, **context})
    return sent


def test_the_restricted_level_says_everything_that_is_missing() -> None:
    async def story(p: Plane) -> None:
        shop = await namespace(p, enforce="restricted")
        with pytest.raises(Forbidden) as refusal:
            await create(p, pod(), shop)
        assert str(refusal.value) == (
            'pods "a" is forbidden: violates PodSecurity "restricted:latest": '
            "allowPrivilegeEscalation != false "
            '(container "main" must set securityContext.allowPrivilegeEscalation=false), '
            'unrestricted capabilities (container "main" must set securityContext.capabilities.drop=["ALL"]), '
            'runAsNonRoot != true (pod or container "main" must set securityContext.runAsNonRoot=true), '
            'seccompProfile (pod or container "main" must set securityContext.seccompProfile.type to '
            '"RuntimeDefault" or "Localhost")'
        )
        await create(p, secured(), shop)

    play(story)


HOST_PATH = core_v1.Volume(name="disk", hostPath=core_v1.HostPathVolumeSource(path="/srv"))


@pytest.mark.parametrize(
    ("sent", "level", "complaint"),
    [
        (secured(privileged=True, allowPrivilegeEscalation=None), "baseline", 'privileged (container "main"'),
        (asking(hostNetwork=True, hostPID=True), "baseline", "host namespaces (hostNetwork=true, hostPID=true)"),
        (asking(volumes=[HOST_PATH]), "baseline", 'hostPath volumes (volume "disk")'),
        (
            secured(capabilities=core_v1.Capabilities(add=["NET_ADMIN", "CHOWN"])),
            "baseline",
            'non-default capabilities (container "main" must not include "NET_ADMIN" in '
            "securityContext.capabilities.add)",
        ),
        (
            secured(seccompProfile=core_v1.SeccompProfile(type="Unconfined")),
            "baseline",
            'seccompProfile (container "main" must not set securityContext.seccompProfile.type to "Unconfined")',
        ),
        (secured(runAsUser=0), "restricted", 'runAsUser=0 (container "main" must not set runAsUser=0)'),
        (secured(runAsNonRoot=False), "restricted", 'runAsNonRoot != true (container "main" must not set'),
        (
            secured(capabilities=core_v1.Capabilities(drop=["ALL"], add=["CHOWN"])),
            "restricted",
            'unrestricted capabilities (container "main" must not include "CHOWN" in',
        ),
    ],
)  # fmt: skip
def test_a_pod_beyond_its_namespaces_level_stays_out(sent: core_v1.Pod, level: str, complaint: str) -> None:
    async def story(p: Plane) -> None:
        shop = await namespace(p, enforce=level)
        with pytest.raises(Forbidden) as refusal:
            await create(p, sent, shop)
        assert f'violates PodSecurity "{level}:latest": {complaint}' in str(refusal.value)
        await create(p, sent)  # where nothing is asked for, everything may come

    play(story)


def test_the_restricted_level_takes_only_volumes_of_the_pods_own() -> None:
    async def story(p: Plane) -> None:
        shop = await namespace(p, enforce="restricted", enforce_version="v1.30")
        sent = secured()
        assert sent.spec is not None
        sent.spec.volumes = [HOST_PATH, core_v1.Volume(name="own", emptyDir=core_v1.EmptyDirVolumeSource())]
        with pytest.raises(Forbidden) as refusal:
            await create(p, sent, shop)
        assert str(refusal.value).endswith(
            'violates PodSecurity "restricted:v1.30": restricted volume types '
            '(volume "disk" uses restricted volume type "hostPath")'
        )

    play(story)


def test_what_makes_pods_is_let_in_and_its_author_warned() -> None:
    async def story(p: Plane) -> None:
        shop = await namespace(p, warn="baseline")
        sent = statefulset()
        assert sent.spec is not None and sent.spec.template.spec is not None
        sent.spec.template.spec.hostNetwork = True
        options = WriteOptions()
        await p.registry.create(SETS, shop, sent, options)
        assert options.warnings == [
            'would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)'
        ]
        again = WriteOptions()
        await p.registry.patch(SETS, shop, "web", merge({"spec": {"replicas": 1}}), again)
        assert again.warnings == []

    play(story)


def test_a_pod_that_is_there_is_looked_at_again_only_when_it_runs_something_new() -> None:
    async def story(p: Plane) -> None:
        await create(p, pod())
        enforced = merge({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})
        await p.client.patch(core_v1.Namespace, "default", "", enforced)
        await p.registry.patch(PODS, "default", "a", merge({"metadata": {"labels": {"x": "y"}}}), PLAIN)
        image = {"spec": {"containers": [{"name": "main", "image": "redis:8"}]}}
        patch = merge(image)._replace(content_type="application/strategic-merge-patch+json")
        with pytest.raises(Forbidden, match="violates PodSecurity"):
            await p.registry.patch(PODS, "default", "a", patch, PLAIN)

    play(story)


@pytest.mark.parametrize(
    ("modes", "fault"),
    [
        ({"enforce": "strict"}, 'Invalid value: "strict": must be one of privileged, baseline, restricted'),
        ({"warn_version": "1.30"}, 'Invalid value: "1.30": must be "latest" or "v1.x"'),
    ],
)
def test_labels_that_name_no_level_are_refused(modes: dict[str, str], fault: str) -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(Invalid) as refusal:
            await namespace(p, **modes)
        assert fault in str(refusal.value)

    play(story)
