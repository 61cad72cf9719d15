"""The OCI document, users, capabilities, /etc files: what a pod asks for, as runc and crun read it. Pure."""

from pathlib import Path
from typing import Any

import pytest

from petset.api.objects import replace
from petset.node.oci import bundle, capabilities, conmon, engine, etcfiles, exec, users
from petset.node.runtime import ContainerSpec, Mount, Resources, SandboxSpec, Security

EVERY = capabilities.ALL
HOST = bundle.Host(EVERY, 4096)
AROUND = bundle.Surroundings(
    Path("/b/root"),
    "web-0",
    "/petset-1/pod/x",
    {"network": Path("/ns/net")},
    [Mount(Path("/s/hosts"), "/etc/hosts")],
)
SPEC = ContainerSpec("main", 0, "app:1", ["run"])
IMAGE = bundle.ImageConfig(["entry"], ["default"], [("A", "image"), ("B", "image")], "/work", "")


def made(spec: ContainerSpec = SPEC, image: bundle.ImageConfig = IMAGE, host: bundle.Host = HOST) -> Any:
    return bundle.document(spec, image, users.User(0, 0), AROUND, host)


@pytest.mark.parametrize(
    ("command", "args", "expected"),
    [
        ([], [], ["entry", "default"]),
        ([], ["a"], ["entry", "a"]),
        (["c"], [], ["c"]),
        (["c"], ["a"], ["c", "a"]),
    ],
)
def test_the_pods_command_and_args_replace_the_images(
    command: list[str], args: list[str], expected: list[str]
) -> None:
    assert bundle.command_line(replace(SPEC, command=command, args=args), IMAGE) == expected


def test_no_command_at_all_is_refused() -> None:
    with pytest.raises(LookupError, match="image 'app:1' names none"):
        bundle.command_line(replace(SPEC, command=[]), bundle.ImageConfig())


def test_the_environment_is_the_pods_then_the_images_then_the_default() -> None:
    env = made(replace(SPEC, env=[("B", "pod")], tty=True))["process"]["env"]
    assert env == [f"PATH={bundle.PATH}", "HOSTNAME=web-0", "TERM=xterm", "A=image", "B=pod"]


@pytest.mark.parametrize(
    ("resources", "cpu", "memory"),
    [
        (Resources(), {"shares": 2}, None),
        (Resources(cpu_request_millis=250), {"shares": 256}, None),
        (Resources(cpu_millis=500), {"shares": 512, "quota": 50_000, "period": 100_000}, None),
        (Resources(cpu_millis=5, cpu_request_millis=1), {"shares": 2, "quota": 1000, "period": 100_000}, None),
        (Resources(memory_bytes=1 << 20), {"shares": 2}, {"limit": 1 << 20}),
    ],
)
def test_limits_are_what_kubelet_would_set(resources: Resources, cpu: dict[str, int], memory: object) -> None:
    limits = made(replace(SPEC, resources=resources))["linux"]["resources"]
    assert limits["cpu"] == cpu
    assert limits.get("memory") == memory
    assert limits["devices"] == [{"allow": False, "access": "rwm"}]


def test_a_machine_without_the_cpu_controller_keeps_no_shares_but_is_asked_for_limits() -> None:
    bare = bundle.Host(EVERY, 4096, shares_cpu=False)
    assert "cpu" not in made(host=bare)["linux"]["resources"]
    assert made(replace(SPEC, resources=Resources(cpu_millis=100)), host=bare)["linux"]["resources"]["cpu"]


def test_a_score_for_the_killer_is_not_lowered_where_the_machine_forbids_it() -> None:
    wished = replace(SPEC, resources=Resources(oom_score_adj=-997))
    assert made(wished, host=bundle.Host(EVERY, 4096, oom_score_floor=0))["process"]["oomScoreAdj"] == 0
    assert made(wished, host=bundle.Host(EVERY, 4096, oom_score_floor=-1000))["process"]["oomScoreAdj"] == -997
    assert "oomScoreAdj" not in made()["process"]


def test_an_ordinary_container_has_hidden_paths_and_a_privileged_one_has_not() -> None:
    assert "/proc/kcore" in made()["linux"]["maskedPaths"]
    assert "/proc/sys" in made()["linux"]["readonlyPaths"]
    privileged = made(replace(SPEC, security=Security(privileged=True)))
    assert privileged["linux"]["maskedPaths"] == []
    assert privileged["process"]["capabilities"]["bounding"] == sorted(EVERY)
    assert privileged["linux"]["resources"]["devices"] == [{"allow": True, "access": "rwm"}]


@pytest.mark.parametrize(
    ("security", "expected"),
    [
        (Security(), capabilities.DEFAULT),
        (Security(drop_capabilities=["ALL"]), set()),
        (Security(drop_capabilities=["ALL"], add_capabilities=["NET_BIND_SERVICE"]), {"CAP_NET_BIND_SERVICE"}),
        (Security(drop_capabilities=["kill"]), capabilities.DEFAULT - {"CAP_KILL"}),
        (Security(add_capabilities=["CAP_SYS_TIME"]), capabilities.DEFAULT | {"CAP_SYS_TIME"}),
        (Security(add_capabilities=["ALL"], drop_capabilities=["SYS_ADMIN"]), EVERY - {"CAP_SYS_ADMIN"}),
    ],
)
def test_capabilities_are_added_to_and_dropped_from_the_default_set(security: Security, expected: set[str]) -> None:
    assert set(capabilities.granted(security, EVERY)) == set(expected)
    assert set(capabilities.granted(security, {"CAP_KILL"})) == set(expected) & {"CAP_KILL"}


def test_the_names_of_capabilities_stand_at_their_numbers() -> None:
    assert capabilities.from_mask(1 << 0 | 1 << 21 | 1 << 40) == {
        "CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_CHECKPOINT_RESTORE",
    }  # fmt: skip


def test_the_pods_own_mount_wins_over_the_file_every_pod_gets_and_parents_come_first() -> None:
    mounts = [
        Mount(Path("/v/deep"), "/data/deep"),
        Mount(Path("/v/hosts"), "/etc/hosts", True),
        Mount(Path("/v"), "/data/"),
    ]
    bound = [
        (m["destination"], m["source"]) for m in made(replace(SPEC, mounts=mounts))["mounts"] if m["type"] == "bind"
    ]
    assert bound == [("/data/", "/v"), ("/data/deep", "/v/deep"), ("/etc/hosts", "/v/hosts")]


def test_an_exec_is_the_containers_own_process_with_another_command() -> None:
    process = made(replace(SPEC, env=[("TERM", "vt100")]))["process"]
    inside = bundle.exec_process(process, ["ls"], tty=True)
    assert (inside["args"], inside["terminal"]) == (["ls"], True)
    assert inside["env"][-1] == "TERM=xterm"  # type: ignore[index]
    assert inside["capabilities"] == process["capabilities"]


PASSWD = "root:x:0:0::/root:/bin/sh\nredis:x:999:998::/data:/bin/sh\n"
GROUP = "root:x:0:\nredis:x:998:\ndisk:x:6:redis,other\n"


@pytest.mark.parametrize(
    ("image_user", "security", "expected"),
    [
        ("", Security(), users.User(0, 0, (0,))),
        ("redis", Security(), users.User(999, 998, (6, 998))),
        ("999", Security(), users.User(999, 998, (6, 998))),
        ("redis:disk", Security(), users.User(999, 6, (6,))),
        ("55:66", Security(), users.User(55, 66, (66,))),
        ("redis", Security(run_as_user=999), users.User(999, 998, (6, 998))),
        ("redis", Security(run_as_user=5), users.User(5, 0, (0,))),
        ("redis", Security(run_as_user=5, run_as_group=7), users.User(5, 7, (7,))),
        ("", Security(fs_group=77, supplemental_groups=[3]), users.User(0, 0, (0, 3, 77))),
    ],
)
def test_users_are_resolved_as_containerd_does(image_user: str, security: Security, expected: users.User) -> None:
    assert users.resolve(image_user, security, PASSWD, GROUP) == expected


@pytest.mark.parametrize("image_user", ["nobody", "redis:nogroup"])
def test_an_unknown_name_is_refused_with_the_remedy(image_user: str) -> None:
    with pytest.raises(LookupError, match=r"set securityContext\.runAs"):
        users.resolve(image_user, Security(), PASSWD, GROUP)


def test_resolv_conf_names_the_runtimes_server_unless_the_pod_names_its_own() -> None:
    spec = SandboxSpec("u", "default", "web-0", "n", "web-0", dns_search=["a.local", "local"])
    assert etcfiles.resolv_conf(spec, "10.0.0.1") == "search a.local local\nnameserver 10.0.0.1\noptions ndots:5\n"
    own = replace(spec, dns_servers=["9.9.9.9"], dns_options=())
    assert etcfiles.resolv_conf(own, "10.0.0.1") == "search a.local local\nnameserver 9.9.9.9\n"


def test_conmon_is_told_where_everything_goes() -> None:
    what = conmon.Monitored("id", Path("/b"), Path("/s"), Path("/e"), tty=True)
    words = conmon.arguments(what, Path("/usr/bin/conmon"), Path("/usr/bin/crun"))
    assert words[0] == "/usr/bin/conmon"
    assert words[words.index("--log-path") + 1] == "k8s-file:/b/log"
    assert "--terminal" in words
    assert "--stdin" not in words


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ('time="x" level=error msg="exec failed: exec: \\"a\\": executable file not found in $PATH"', 127),
        ("\x1b[1;31m2026-11-22T13:42:07.171742Z: file `a` not found in $PATH: No such file\x1b[0m\n", 127),
        ('exec: "/etc": permission denied', 126),
    ],
)  # fmt: skip
def test_an_engines_complaint_is_read_for_its_reason_and_freed_of_decoration(said: str, code: int) -> None:
    found, text = exec.refusal(said)
    assert found == code
    assert text == f"exec failed: {engine.complaint(said)}"
    assert "\x1b" not in text
    assert "level=" not in text
