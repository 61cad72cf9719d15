"""Volumes as files: what is rendered, how it is replaced at once, and that no path leads out of a volume."""

import asyncio
import base64
import os
import stat
from pathlib import Path

import pytest
from isolation import needs_containers, own_machine
from node.world import a_container, a_pod

from petset.api.models import core_v1
from petset.node.environment import Surroundings
from petset.node.failures import VolumeFailure
from petset.node.references import Reference
from petset.node.volumes.atomic import write_version
from petset.node.volumes.directories import DirectoryVolumes
from petset.node.volumes.inside import resolve_inside
from petset.node.volumes.render import Claimed, File, HostDirectory, Rendered, Scratch, render

V = core_v1.Volume
CONFIG = core_v1.ConfigMap(data={"a.conf": "alpha", "b.conf": "beta"}, binaryData={"raw": "AAE="})
SECRET = core_v1.Secret(data={"password": base64.b64encode(b"hunter2").decode()})
CLAIM = core_v1.PersistentVolumeClaim(
    spec=core_v1.PersistentVolumeClaimSpec(volumeName="pv-1"),
    status=core_v1.PersistentVolumeClaimStatus(phase="Bound"),
)
PV = core_v1.PersistentVolume(
    spec=core_v1.PersistentVolumeSpec(
        hostPath=core_v1.HostPathVolumeSource(path="/data/pv-1", type="DirectoryOrCreate")
    )
)
AROUND = Surroundings(
    objects={
        Reference("ConfigMap", "settings"): CONFIG,
        Reference("Secret", "keys"): SECRET,
        Reference("PersistentVolumeClaim", "data"): CLAIM,
        Reference("PersistentVolume", "pv-1"): PV,
    }
)


def files_of(volume: core_v1.Volume) -> dict[str, tuple[bytes, int]]:
    content = render(a_pod(containers=[a_container()]), volume, AROUND)
    assert isinstance(content, Rendered)
    return {file.path: (file.content, file.mode) for file in content.files}


def config_volume(**fields: object) -> core_v1.Volume:
    return V(name="v", configMap=core_v1.ConfigMapVolumeSource(**{"name": "settings", **fields}))


def test_a_config_map_becomes_a_file_for_each_key() -> None:
    files = files_of(config_volume())
    assert files == {"a.conf": (b"alpha", 0o644), "b.conf": (b"beta", 0o644), "raw": (b"\0\1", 0o644)}


def test_items_choose_keys_paths_and_modes() -> None:
    items = [core_v1.KeyToPath(key="a.conf", path="etc/app.conf", mode=0o600)]
    assert files_of(config_volume(items=items, defaultMode=0o400)) == {"etc/app.conf": (b"alpha", 0o600)}
    assert files_of(config_volume(defaultMode=0o400))["a.conf"] == (b"alpha", 0o400)


def test_a_projected_volume_merges_its_sources() -> None:
    sources = [
        core_v1.VolumeProjection(configMap=core_v1.ConfigMapProjection(name="settings")),
        core_v1.VolumeProjection(secret=core_v1.SecretProjection(name="keys")),
        core_v1.VolumeProjection(
            downwardAPI=core_v1.DownwardAPIProjection(
                items=[
                    core_v1.DownwardAPIVolumeFile(
                        path="labels", fieldRef=core_v1.ObjectFieldSelector(fieldPath="metadata.labels")
                    )
                ]
            )
        ),
    ]
    files = files_of(V(name="v", projected=core_v1.ProjectedVolumeSource(sources=sources)))
    assert files["password"][0] == b"hunter2"
    assert files["labels"][0] == b'app="web"'
    assert files["a.conf"][0] == b"alpha"


def test_the_other_kinds_are_directories() -> None:
    pod = a_pod()
    memory = core_v1.EmptyDirVolumeSource(medium="Memory", sizeLimit="1Mi")
    claim = core_v1.PersistentVolumeClaimVolumeSource(claimName="data")
    host = core_v1.HostPathVolumeSource(path="/srv", type="Directory")
    assert render(pod, V(name="v", emptyDir=memory), AROUND) == Scratch(memory=True, size_bytes=1 << 20)
    assert render(pod, V(name="v", hostPath=host), AROUND) == HostDirectory("/srv", "Directory")
    assert render(pod, V(name="v", persistentVolumeClaim=claim), AROUND) == Claimed("/data/pv-1", "pv-1", True)


FAILURES = {
    'MountVolume.SetUp failed for volume "v" : configmap "nope" not found': config_volume(name="nope"),
    'MountVolume.SetUp failed for volume "v" : secret "nope" not found': V(
        name="v", secret=core_v1.SecretVolumeSource(secretName="nope")
    ),
    'MountVolume.SetUp failed for volume "v" : configmap references non-existent config key: c': config_volume(
        items=[core_v1.KeyToPath(key="c", path="c")]
    ),
    'MountVolume.SetUp failed for volume "v" : references non-existent secret key: c': V(
        name="v",
        secret=core_v1.SecretVolumeSource(secretName="keys", items=[core_v1.KeyToPath(key="c", path="c")]),
    ),
    "must be relative": config_volume(items=[core_v1.KeyToPath(key="a.conf", path="../../etc/passwd")]),
    "not supported": V(name="v", nfs=core_v1.NFSVolumeSource(path="/", server="elsewhere")),
}


@pytest.mark.parametrize("message", FAILURES)
def test_what_is_missing_is_said_in_the_kubelets_words(message: str) -> None:
    with pytest.raises(VolumeFailure) as failure:
        render(a_pod(), FAILURES[message], AROUND)
    assert message in str(failure.value)


def test_an_optional_source_that_is_missing_is_empty() -> None:
    assert files_of(config_volume(name="nope", optional=True)) == {}


def test_a_new_version_replaces_all_files_at_once(tmp_path: Path) -> None:
    write_version(tmp_path, [File("a", b"1", 0o644), File("sub/b", b"1", 0o600)], None)
    before = (tmp_path / "..data").readlink()
    write_version(tmp_path, [File("a", b"1", 0o644), File("sub/b", b"1", 0o600)], None)
    assert (tmp_path / "..data").readlink() == before
    inside = os.open(tmp_path / "..data", os.O_RDONLY)
    write_version(tmp_path, [File("a", b"2", 0o644), File("c", b"2", 0o644)], None)
    os.close(inside)
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith("..")) == ["a", "c"]
    assert (tmp_path / "a").read_bytes() == b"2"
    assert (tmp_path / "a").readlink() == Path("..data/a")
    assert (
        len([p for p in tmp_path.iterdir() if p.name.startswith("..") and p.is_dir() and not p.is_symlink()]) == 1
    )


def test_a_write_that_was_cut_off_is_done_again(tmp_path: Path) -> None:
    files = [File("a", b"1", 0o644)]
    write_version(tmp_path, files, None)
    (version,) = [p for p in tmp_path.iterdir() if p.is_dir() and not p.is_symlink()]
    (tmp_path / "..data").unlink()
    (version / "a").write_bytes(b"half")
    write_version(tmp_path, files, None)
    assert (tmp_path / "a").read_bytes() == b"1"


def test_a_sub_path_is_made_where_nothing_is(tmp_path: Path) -> None:
    assert resolve_inside(tmp_path, "deep/er") == tmp_path.resolve() / "deep" / "er"
    assert (tmp_path / "deep" / "er").is_dir()


def test_a_sub_path_may_follow_links_that_stay_inside(tmp_path: Path) -> None:
    write_version(tmp_path, [File("a", b"1", 0o644)], None)
    assert resolve_inside(tmp_path, "a").read_bytes() == b"1"


ESCAPES = ["../x", "a/../../x", "/etc", "out", "out/passwd", "hop/passwd", "up"]


@pytest.mark.parametrize("path", ESCAPES)
def test_no_sub_path_leads_out_of_its_volume(tmp_path: Path, path: str) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    (volume / "out").symlink_to("/etc")
    (volume / "up").symlink_to("..")
    (volume / "hop").symlink_to("out")
    with pytest.raises(VolumeFailure):
        resolve_inside(volume, path)


def prepare(store: DirectoryVolumes, group: int | None = None, **contents: object) -> dict[str, Path]:
    return dict(asyncio.run(store.prepare("uid-1", contents, group)))  # type: ignore[arg-type]


def test_scratch_directories_belong_to_everyone_and_go_with_the_pod(tmp_path: Path) -> None:
    store = DirectoryVolumes(tmp_path)
    path = prepare(store, cache=Scratch())["cache"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o777
    (path / "file").write_text("kept")
    assert (prepare(store, cache=Scratch())["cache"] / "file").read_text() == "kept"
    asyncio.run(store.remove("uid-1"))
    asyncio.run(store.remove("uid-1"))
    assert not path.exists()


def test_a_claims_directory_is_made_and_outlives_the_pod(tmp_path: Path) -> None:
    store = DirectoryVolumes(tmp_path / "state")
    path = prepare(store, data=Claimed(str(tmp_path / "pv"), "pv-1", create=True))["data"]
    (path / "file").write_text("kept")
    asyncio.run(store.remove("uid-1"))
    assert (path / "file").read_text() == "kept"


def test_a_missing_local_volume_is_not_made_up(tmp_path: Path) -> None:
    with pytest.raises(VolumeFailure, match='for volume "pv-1" : path'):
        prepare(DirectoryVolumes(tmp_path), data=Claimed(str(tmp_path / "pv"), "pv-1", create=False))


HOST_TYPES = {"Directory": False, "DirectoryOrCreate": True, "File": False, "FileOrCreate": True, "Socket": False}


@pytest.mark.parametrize("kind", HOST_TYPES)
def test_a_host_path_is_checked_or_made(tmp_path: Path, kind: str) -> None:
    wanted = {"host": HostDirectory(str(tmp_path / "thing"), kind)}
    if HOST_TYPES[kind]:
        assert prepare(DirectoryVolumes(tmp_path), **wanted)["host"].exists()
    else:
        with pytest.raises(VolumeFailure, match="hostPath type check failed: "):
            prepare(DirectoryVolumes(tmp_path), **wanted)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_fs_group_owns_the_volume_and_may_write(tmp_path: Path) -> None:
    pv = tmp_path / "pv"
    pv.mkdir()
    (pv / "old").write_text("x")
    contents = {
        "data": Claimed(str(pv), "pv-1", create=False),
        "config": Rendered((File("a", b"1", 0o600),)),
        "cache": Scratch(),
    }
    paths = prepare(DirectoryVolumes(tmp_path), 2000, **contents)
    assert (pv / "old").stat().st_gid == 2000
    assert (pv / "old").stat().st_mode & 0o060 == 0o060
    assert pv.stat().st_mode & stat.S_ISGID
    assert (paths["config"] / "a").stat().st_gid == 2000
    assert stat.S_IMODE((paths["config"] / "a").stat().st_mode) == 0o640
    assert paths["cache"].stat().st_gid == 2000


@pytest.mark.containers
@needs_containers
def test_a_scratch_volume_in_memory_is_a_tmpfs_of_its_size_and_goes_with_the_pod(tmp_path: Path) -> None:
    with own_machine():
        store = DirectoryVolumes(tmp_path)
        path = prepare(store, cache=Scratch(memory=True, size_bytes=1 << 20))["cache"]
        again = prepare(store, cache=Scratch(memory=True, size_bytes=1 << 20))["cache"]
        assert again.is_mount()
        found = os.statvfs(path)
        assert found.f_blocks * found.f_frsize == 1 << 20
        assert stat.S_IMODE(path.stat().st_mode) == 0o777
        asyncio.run(store.remove("uid-1"))
        assert not path.exists()
