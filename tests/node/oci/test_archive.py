"""Images from archives: layers in order, deletions, and no way out of the directory."""

import contextlib
import gzip
import hashlib
import io
import json
import os
import stat
import tarfile
from pathlib import Path, PurePosixPath

import pytest

from petset.node.oci import archive, unpack
from petset.node.oci.bundle import ImageConfig

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files get their owners")


def layer(*entries: tuple[str, object]) -> bytes:
    """A tar of (name, content): bytes are a file, None a directory, `-> x` and `= x` links, `c` a device."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.mode = 0o4755 if name.endswith("setuid") else 0o755
            info.uid = 33
            if isinstance(content, bytes):
                info.size = len(content)
            elif content is None:
                info.type = tarfile.DIRTYPE
            elif content == "c":
                info.type = tarfile.CHRTYPE
            else:
                kind, _, info.linkname = str(content).partition(" ")
                info.type = {"->": tarfile.SYMTYPE, "=": tarfile.LNKTYPE}[kind]
            tar.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return buffer.getvalue()


def lay(root: Path, *layers: bytes) -> list[str]:
    root.mkdir()
    for one in layers:
        unpack.apply_layer(io.BytesIO(one), root)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def test_upper_layers_replace_and_delete_what_lies_below(tmp_path: Path) -> None:
    lower = layer(("a", b"1"), ("dir", None), ("dir/x", b"x"), ("dir/y", b"y"), ("gone", None), ("gone/z", b"z"))
    upper = layer(("a", b"2"), ("dir/.wh.x", b""), ("./.wh.gone", b""), ("new/deep/file", b"n"))
    assert lay(tmp_path / "r", lower, upper) == ["a", "dir", "dir/y", "new", "new/deep", "new/deep/file"]
    assert (tmp_path / "r/a").read_bytes() == b"2"


def test_an_opaque_directory_keeps_only_what_its_own_layer_wrote(tmp_path: Path) -> None:
    lower = layer(("dir", None), ("dir/old", b""))
    upper = layer(("dir", None), ("dir/new", b""), ("dir/.wh..wh..opq", b""))
    assert lay(tmp_path / "r", lower, upper) == ["dir", "dir/new"]


def test_owners_modes_and_links_are_kept_and_devices_are_not(tmp_path: Path) -> None:
    assert lay(
        tmp_path / "r",
        layer(
            ("bin", None),
            ("bin/setuid", b"#"),
            ("bin/same", "= bin/setuid"),
            ("sh", "-> /bin/setuid"),
            ("null", "c"),
        ),
    ) == ["bin", "bin/same", "bin/setuid", "sh"]
    facts = (tmp_path / "r/bin/setuid").stat()
    assert (facts.st_uid, stat.S_IMODE(facts.st_mode), facts.st_nlink) == (33, 0o4755, 2)
    assert str((tmp_path / "r/sh").readlink()) == "/bin/setuid"


@pytest.mark.parametrize(
    "evil",
    [
        [("../outside", b"x")],
        [("/outside", b"x")],
        [("way", "-> .."), ("way/outside", b"x")],
        [("way", "-> {top}"), ("way/outside", b"x")],
        [("way", "-> /.."), ("way/deep/../../outside", b"x")],
        [("link", "-> {top}/victim"), ("link", b"overwritten")],
        [("hard", "= ../victim"), ("hard", b"overwritten")],
        [("way", "-> {top}"), ("way/.wh.victim", b"")],
        [(".wh...", b"")],
        [("dir/.wh.", b"")],
        [("way", "-> {top}"), ("way/.wh..wh..opq", b"")],
    ],
)
def test_no_name_leads_out_of_the_directory(tmp_path: Path, evil: list[tuple[str, object]]) -> None:
    (tmp_path / "victim").write_bytes(b"whole")
    entries = [(n, c.format(top=tmp_path) if isinstance(c, str) else c) for n, c in evil]
    with contextlib.suppress(OSError, ValueError):
        lay(tmp_path / "r", layer(*entries))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r", "victim"]
    assert (tmp_path / "victim").read_bytes() == b"whole"
    assert (tmp_path / "victim").stat().st_nlink == 1


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="circle"):
        lay(tmp_path / "r", layer(("a", "-> b"), ("b", "-> a"), ("a/x", b"")))


def blobs(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


CONFIG = json.dumps({
    "architecture": "amd64",
    "config": {"Entrypoint": ["/run"], "Cmd": ["now"], "Env": ["A=b=c"], "WorkingDir": "/data", "User": "app"},
}).encode()  # fmt: skip
EXPECTED = ImageConfig(["/run"], ["now"], [("A", "b=c")], "/data", "app")


def docker_archive(path: Path, tags: list[str]) -> Path:
    manifest = [{"Config": "c.json", "RepoTags": [tag], "Layers": ["1/layer.tar"]} for tag in tags]
    files = {"manifest.json": json.dumps(manifest).encode(), "c.json": CONFIG, "1/layer.tar": layer(("run", b"#"))}
    return blobs(path, files)


def oci_archive(path: Path) -> Path:
    files: dict[str, bytes] = {}

    def add(content: bytes, **more: object) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        files[f"blobs/sha256/{digest}"] = content
        return {"digest": f"sha256:{digest}", "size": len(content), **more}

    packed = add(gzip.compress(layer(("run", b"#"))))
    manifest = add(json.dumps({"config": add(CONFIG), "layers": [packed]}).encode())
    other = {**manifest, "digest": "sha256:absent", "platform": {"architecture": "s390x", "os": "linux"}}
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    mine = {**manifest, "platform": {"architecture": machine, "os": "linux"}}
    inner = add(
        json.dumps({"manifests": [other, mine]}).encode(), mediaType="application/vnd.oci.image.index.v1+json"
    )
    files["index.json"] = json.dumps({"manifests": [inner]}).encode()
    return blobs(path, files)


def test_both_kinds_of_archive_are_unpacked_once(tmp_path: Path) -> None:
    for path in (docker_archive(tmp_path / "d.tar", ["app:1"]), oci_archive(tmp_path / "o.tar")):
        first = archive.unpacked(path, "app:1", tmp_path / "images")
        assert first.config == EXPECTED
        assert (first.root / "run").read_bytes() == b"#"
        (first.root / "mark").touch()
        assert (archive.unpacked(path, "app:1", tmp_path / "images").root / "mark").exists()


def test_an_archive_with_several_images_gives_the_one_with_the_tag(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "d.tar", ["app:1", "docker.io/library/app:2"])
    assert archive.unpacked(path, "app:2", tmp_path / "images").config == EXPECTED
    with pytest.raises(ValueError, match=r"2 images, none tagged docker\.io/library/app:3"):
        archive.unpacked(path, "app:3", tmp_path / "images")


def test_what_is_no_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"not a tar file")
    with pytest.raises(ValueError, match=r"archive .*x\.tar"):
        archive.unpacked(tmp_path / "x.tar", "app", tmp_path / "images")
    with pytest.raises(ValueError, match=r"neither index\.json"):
        archive.unpacked(blobs(tmp_path / "y.tar", {"a": b""}), "app", tmp_path / "images")
    assert list((tmp_path / "images").iterdir()) == []


def test_a_name_is_followed_only_inside(tmp_path: Path) -> None:
    (tmp_path / "usr").mkdir()
    (tmp_path / "lib").symlink_to("/usr")
    assert unpack.inside(tmp_path, PurePosixPath("lib/../../x")) == tmp_path / "x"
    assert unpack.inside(tmp_path, PurePosixPath("lib/x")) == tmp_path / "usr/x"
