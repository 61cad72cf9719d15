"""What a person sees of a container: its output, its end, its limits, its surroundings. With crun and with runc."""

import asyncio
import gzip
import json
import shutil
import signal
import subprocess
import tarfile
from pathlib import Path

import pytest
from isolation import needs_containers
from node.oci.pods import container, finished, opened, printed, sandbox, shell, started, until

from petset.api.objects import replace
from petset.node.logs.lines import Joiner
from petset.node.oci.opening import Options
from petset.node.runtime import ContainerSpec, ContainerState, Mount, Resources, RuntimeFailure, Security

pytestmark = [pytest.mark.containers, needs_containers]


def test_a_container_runs_writes_its_log_and_ends_with_its_code(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            script = "echo out; echo err >&2; echo bye >/dev/termination-log; exit 3"
            ended, output = await finished(runtime, shell(script))
            assert (ended.state, ended.exit_code, ended.message) == (ContainerState.EXITED, 3, "bye\n")
            assert sorted(output.split()) == ["err", "out"]
            assert not ended.oom_killed
            assert ended.started_at is not None
            assert ended.finished_at is not None
            assert len(ended.id) == 64

    asyncio.run(story())


def test_a_container_has_the_pods_name_address_and_files(options: Options) -> None:
    pod = sandbox(
        fqdn="web-0.web.default.svc.cluster.local",
        hosts=[("10.0.0.9", "db other")],
        dns_search=["default.svc.cluster.local"],
    )

    async def story() -> None:
        async with opened(options) as runtime:
            made = await runtime.start_sandbox(pod)
            assert made.ip == "10.244.0.10"
            script = "hostname; echo $HOSTNAME; cat /etc/hostname /etc/hosts /etc/resolv.conf; cat /proc/net/route"
            _, output = await finished(runtime, shell(script), pod)
            lines = output.splitlines()
            assert lines[:3] == ["web-0", "web-0", "web-0"]
            assert "10.244.0.10\tweb-0.web.default.svc.cluster.local\tweb-0" in lines
            assert "10.0.0.9\tdb other" in lines
            assert "nameserver 10.244.0.1" in lines
            assert runtime.dns_address == "10.244.0.1"
            assert "search default.svc.cluster.local" in lines
            assert any(line.startswith("eth0\t00000000\t0100F40A") for line in lines)

    asyncio.run(story())


def test_a_container_of_the_host_image_does_not_see_the_machines_data(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            places = f"/root /home /etc/shadow /etc/ssh /var/lib {options.directory}"
            ended, output = await finished(runtime, shell(f"ls {places} 2>/dev/null; ls /; touch /usr/mine"))
            assert ended.exit_code == 0
            assert "sandboxes" not in output
            assert "shadow" not in output
            shown = set(output.split("\n\n")[-1].split()) - {"/:"}
            assert {"usr", "etc", "tmp", "proc"} <= shown
            assert "old_root" not in shown

    asyncio.run(story())


@pytest.mark.parametrize(
    ("security", "expected"),
    [
        (Security(), "uid=0(root) gid=0(root)"),
        (Security(run_as_user=1234), "uid=1234 gid=0(root)"),
        (Security(run_as_user=1234, run_as_group=5678, fs_group=99), "uid=1234 gid=5678 groups=5678,99"),
    ],
)
def test_the_process_is_who_the_pod_says(options: Options, security: Security, expected: str) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            _, output = await finished(runtime, container("id", security=security))
            assert output.startswith(expected)

    asyncio.run(story())


def test_privilege_escalation_and_capabilities_are_bounded(options: Options) -> None:
    tight = Security(
        allow_privilege_escalation=False, drop_capabilities=["ALL"], add_capabilities=["NET_BIND_SERVICE"]
    )

    async def story() -> None:
        async with opened(options) as runtime:
            _, output = await finished(runtime, shell("cat /proc/self/status", security=tight))
            facts = dict(line.split(":\t") for line in output.splitlines() if ":\t" in line)
            assert facts["NoNewPrivs"] == "1"
            assert int(facts["CapEff"], 16) == 1 << 10

    asyncio.run(story())


def test_a_read_only_root_can_be_written_only_where_something_is_mounted(options: Options) -> None:
    data = options.directory.parent / "data"
    data.mkdir()

    async def story() -> None:
        async with opened(options) as runtime:
            spec = shell(
                "touch /x 2>/dev/null || echo no; echo kept > /data/file && echo yes",
                security=Security(read_only_root=True),
                mounts=[Mount(data, "/data")],
            )
            _, output = await finished(runtime, spec)
            assert output.split() == ["no", "yes"]
            assert (data / "file").read_text() == "kept\n"

    asyncio.run(story())


def test_a_container_that_takes_too_much_memory_is_killed_and_says_so(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            limit = Resources(memory_bytes=24 << 20)
            hungry = container("python3", "-c", "x = 'a' * 200_000_000", image="python", resources=limit)
            ended, _ = await finished(runtime, hungry)
            assert (ended.exit_code, ended.oom_killed) == (137, True)

    asyncio.run(story())


def test_a_container_that_runs_gets_more_or_less_and_keeps_what_it_uses(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            small, large = Resources(memory_bytes=64 << 20), Resources(memory_bytes=128 << 20)
            one = await started(runtime, shell("sleep 1000", resources=small))
            resized = await runtime.resize(one.id, large)
            assert resized.resources == large and resized.id == one.id
            seen = await runtime.run(one.id, ["sh", "-c", "cat /sys/fs/cgroup/memory*/memory.limit_in_bytes"], 10)
            assert seen.output.strip() == str(128 << 20) or seen.exit_code  # the second version has other files
            with pytest.raises(RuntimeFailure, match="below current usage"):
                await runtime.resize(one.id, Resources(memory_bytes=4096))
            assert (await runtime.inspect(one.id)).resources == large
        async with opened(options) as again:
            assert (await again.inspect(one.id)).resources == large
            await again.signal(one.id, signal.SIGKILL)
            await again.wait(one.id)
            with pytest.raises(RuntimeFailure, match="does not run"):
                await again.resize(one.id, small)

    asyncio.run(story())


def test_signals_reach_the_first_process_and_kill_ends_all(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            polite = await started(runtime, shell("trap 'exit 9' TERM; echo up; while :; do sleep 0.01; done"))
            await until(lambda: "up" in printed(polite))
            await runtime.signal(polite.id, signal.SIGTERM)
            assert (await runtime.wait(polite.id)).exit_code == 9
            stubborn = await started(runtime, shell("trap '' TERM; sleep 1000 & wait", attempt=1))
            await runtime.signal(stubborn.id, signal.SIGKILL)
            assert (await runtime.wait(stubborn.id)).exit_code == 137
            await runtime.signal(stubborn.id, signal.SIGKILL)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("spec", "reason", "says"),
    [
        (container("nope"), "RunContainerError", "command 'nope' was not found in image 'busybox'"),
        (container("x", image="registry.example/odd:1"), "ErrImagePull", "images.toml"),
        (container("sh", mounts=[Mount(Path("/nowhere"), "/data")]), "CreateContainerError", "/nowhere"),
        (container("sh", security=Security(add_capabilities=["FLY"])), "CreateContainerError", "CAP_FLY"),
    ],
    ids=["command", "image", "mount", "capability"],
)  # fmt: skip
def test_a_container_that_cannot_start_says_why_and_leaves_nothing(
    options: Options, spec: ContainerSpec, reason: str, says: str
) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            await runtime.start_sandbox(sandbox())
            with pytest.raises(RuntimeFailure, match=says) as failure:
                await runtime.start_container("uid-0", spec)
            assert failure.value.reason == reason
            assert [pod.containers for pod in await runtime.list_sandboxes()] == [[]]

    asyncio.run(story())


def test_an_image_from_an_archive_runs_with_its_own_configuration(options: Options) -> None:
    linked = subprocess.run(["ldd", "/bin/sh"], check=True, capture_output=True, text=True).stdout.split()
    root = options.directory.parent / "image"
    for file in ("/bin/sh", *(word for word in linked if word.startswith("/"))):
        (root / file[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, root / file[1:])
    archive = options.directory.parent / "image.tar"
    with tarfile.open(options.directory.parent / "layer.tar", "w") as layer:
        layer.add(root, ".")
    process = {
        "Entrypoint": ["/bin/sh", "-c"],
        "Cmd": ["echo $WORD; pwd; echo *"],
        "Env": ["WORD=hi"],
        "WorkingDir": "/w",
    }
    (options.directory.parent / "c.json").write_text(json.dumps({"config": process}))
    saved = [{"Config": "c.json", "RepoTags": ["tiny:1"], "Layers": ["layer.tar"]}]
    (options.directory.parent / "manifest.json").write_text(json.dumps(saved))
    with tarfile.open(archive, "w") as whole:
        for name in ("layer.tar", "c.json", "manifest.json"):
            whole.add(options.directory.parent / name, name)
    options.maps[0].write_text(f'[[image]]\nmatch = "tiny"\nuse = "{archive}"\n')

    async def story() -> None:
        async with opened(options) as runtime:
            assert await runtime.resolve_image("tiny:1") == await runtime.resolve_image("docker.io/library/tiny:1")
            _, output = await finished(runtime, container(image="tiny:1"))
            assert output.split() == ["hi", "/w", "*"]
            _, output = await finished(runtime, container(image="tiny:1", args=["cd /; echo *"], attempt=1))
            assert {"bin", "dev", "proc", "w"} <= set(output.split())
            assert "usr" not in output or (root / "usr").exists()

    asyncio.run(story())


def test_starting_and_removing_can_be_repeated(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            first, again = [await started(runtime, container("sleep", "1000")) for _ in range(2)]
            assert (first.id, first.started_at) == (again.id, again.started_at)
            await runtime.remove_container(first.id)
            await runtime.remove_container(first.id)
            await runtime.remove_sandbox("uid-0")
            await runtime.remove_sandbox("uid-0")
            assert await runtime.list_sandboxes() == []
            assert list((options.directory / "sandboxes").iterdir()) == []

    asyncio.run(story())


def test_a_terminal_and_an_open_input_are_given_when_asked_for(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            _, output = await finished(runtime, shell("tty; echo $TERM", tty=True, stdin=True))
            assert output.split() == ["/dev/pts/0", "xterm"]

    asyncio.run(story())


def test_a_log_is_put_aside_while_it_is_written_and_no_line_is_lost(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            counting = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo $i; done; sleep 60"
            running = await started(runtime, shell(counting))
            assert running.log_path is not None
            log = running.log_path
            await until(lambda: log.exists() and log.stat().st_size > 20_000)
            await runtime.rotate_logs()  # ten megabytes are not reached
            assert [path.name for path in log.parent.glob("log.*")] == []
            await runtime.rotate_logs(most_bytes=10_000)
            await until(log.exists)
            (aside,) = log.parent.glob("log.*")
            await until(lambda: any(path.read_bytes().endswith(b" 3000\n") for path in (aside, log)))
            lines = Joiner().lines([*aside.read_bytes().splitlines(), *log.read_bytes().splitlines()])
            assert [int(line.text) for line in lines] == list(range(1, 3001))
            aside.rename(log.parent / "log.20260101-000000")
            await runtime.rotate_logs(most_bytes=0)
            await until(log.exists)
            (packed,) = log.parent.glob("log.*.gz")
            assert gzip.decompress(packed.read_bytes()).decode().splitlines()[0].endswith(" 1")
            assert len(list(log.parent.glob("log.*"))) == 2

    asyncio.run(story())


def test_system_calls_are_refused_as_the_profile_says(options: Options, tmp_path: Path) -> None:
    (tmp_path / "seccomp").mkdir()
    no_directories = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [no_directories]}
    (tmp_path / "seccomp" / "mine.json").write_text(json.dumps(profile))
    tries = ("unshare -r true && echo unshared", "mkdir /x && echo made", "ls / >/dev/null && echo listed")
    script = "; ".join(("grep Seccomp: /proc/self/status", *tries))

    async def story() -> None:
        async with opened(options) as runtime:
            for attempt, (security, mode, done) in enumerate(
                (
                    (Security(), 0, {"unshared", "made", "listed"}),
                    (Security(seccomp="RuntimeDefault"), 2, {"made", "listed"}),
                    (Security(seccomp="Localhost", seccomp_profile="mine.json"), 2, {"unshared", "listed"}),
                )
            ):
                _, output = await finished(runtime, shell(script, security=security, attempt=attempt))
                assert f"Seccomp:\t{mode}" in output
                assert {"unshared", "made", "listed"} & set(output.split()) == done, output
            missing = shell("true", security=Security(seccomp="Localhost", seccomp_profile="x.json"), attempt=9)
            with pytest.raises(RuntimeFailure, match=r'cannot load seccomp profile "x\.json"'):
                await started(runtime, missing)

    asyncio.run(story())


def test_all_containers_of_a_pod_together_are_held_to_its_limits_which_may_change(options: Options) -> None:
    async def story() -> None:
        async with opened(options) as runtime:
            pod = sandbox(resources=Resources(memory_bytes=24 << 20))
            hungry = container("python3", "-c", "x = 'a' * 200_000_000", image="python")
            ended, _ = await finished(runtime, hungry, pod)
            assert ended.exit_code == 137
            resized = await runtime.resize_sandbox(pod.uid, Resources(memory_bytes=1 << 30))
            assert resized.spec.resources.memory_bytes == 1 << 30
            ended, _ = await finished(runtime, replace(hungry, attempt=1), pod)
            assert ended.exit_code == 0
            assert (await runtime.list_sandboxes())[0].spec.resources.memory_bytes == 1 << 30
        async with opened(options) as again:
            assert (await again.list_sandboxes())[0].spec.resources.memory_bytes == 1 << 30
            with pytest.raises(RuntimeFailure, match="there is no sandbox other"):
                await again.resize_sandbox("other", Resources())

    asyncio.run(story())
