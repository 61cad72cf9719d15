"""An image's own words never lead out of the directories that are prepared for its container."""

import json
import os
from pathlib import Path

import pytest

from petset.node.oci import bundle, preparation
from petset.node.oci.images import Image
from petset.node.runtime import ContainerSpec, Mount, RuntimeFailure

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: directories get their owners")

AROUND = bundle.Surroundings(Path("/b/root"), "web-0", "/petset-1/pod/x")
HOST = bundle.Host([], 1024)
SPEC = ContainerSpec("main", 0, "app:1", ["run"])


@pytest.mark.parametrize("name", ["/data/in", "data/in", "/../../data/in", "../data/x/../in"])
def test_an_images_directories_are_made_in_the_private_layer_and_are_its_users(tmp_path: Path, name: str) -> None:
    (tmp_path / "c").mkdir()
    image = Image("id", bundle.ImageConfig(user="7:8"), [tmp_path / "lower"], [name])
    preparation.prepare(tmp_path / "c", SPEC, image, AROUND, HOST)
    made = tmp_path / "c/upper/data/in"
    assert (made.stat().st_uid, made.stat().st_gid, made.parent.stat().st_uid) == (7, 8, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["c"]
    document = json.loads((tmp_path / "c" / preparation.CONFIG).read_text())
    assert document["process"]["user"] == {"uid": 7, "gid": 8, "additionalGids": [8]}


def test_an_images_list_of_users_is_read_from_the_image_alone(tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("outside:x:1:1::/:/bin/sh\n")
    (tmp_path / "layer").mkdir()
    (tmp_path / "layer/etc").symlink_to(tmp_path)
    assert Image("id", bundle.ImageConfig(), [tmp_path / "layer"]).text("etc/passwd") == ""


def test_what_cannot_be_is_named_before_anything_is_written(tmp_path: Path) -> None:
    image = Image("id", bundle.ImageConfig(user="nobody-here"), [tmp_path])
    for spec, says in (
        (SPEC, "no user 'nobody-here'"),
        (ContainerSpec("main", 0, "app:1", mounts=[Mount(tmp_path / "no", "/data")]), "mount /data: there is no"),
    ):
        with pytest.raises(RuntimeFailure, match=says) as failure:
            preparation.prepare(tmp_path, spec, image, AROUND, HOST)
        assert failure.value.reason == "CreateContainerError"
    assert list(tmp_path.iterdir()) == []
