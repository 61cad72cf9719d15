"""Which profile a container gets, and what the default one lets through."""

from pathlib import Path
from typing import Any

import pytest

from petset.node.oci import capabilities
from petset.node.oci.seccomp import default, profile_of
from petset.node.runtime import RuntimeFailure, Security


def refused(profile: dict[str, Any]) -> set[str]:
    return {name for rule in profile["syscalls"] if "args" not in rule for name in rule["names"]}


def test_nobody_who_does_not_ask_is_confined_and_nobody_privileged(tmp_path: Path) -> None:
    for security in (
        Security(),
        Security(seccomp="Unconfined"),
        Security(seccomp="RuntimeDefault", privileged=True),
    ):
        assert profile_of(security, (), tmp_path) is None


def test_the_default_lets_through_what_a_capability_is_for() -> None:
    usual = default(capabilities.DEFAULT)
    assert usual["defaultAction"] == "SCMP_ACT_ALLOW"
    assert {"mount", "unshare", "keyctl", "reboot", "bpf", "clone3"} <= refused(usual)
    assert not {"open", "execve", "clone", "ptrace", "chroot"} & refused(usual)
    assert sum("args" in rule for rule in usual["syscalls"]) == 7
    more = default({*capabilities.DEFAULT, "CAP_SYS_ADMIN"})
    assert not {"mount", "unshare", "clone3"} & refused(more) and "reboot" in refused(more)


def test_a_profile_of_ones_own_is_a_file_in_its_place_and_nowhere_else(tmp_path: Path) -> None:
    profiles = tmp_path / "seccomp"
    (profiles / "mine").mkdir(parents=True)
    (profiles / "mine" / "strict.json").write_text('{"defaultAction": "SCMP_ACT_ERRNO"}')
    (tmp_path / "outside.json").write_text("{}")

    def asked(name: str) -> Any:
        return profile_of(Security(seccomp="Localhost", seccomp_profile=name), (), profiles)

    assert asked("mine/strict.json") == {"defaultAction": "SCMP_ACT_ERRNO"}
    for name, why in (
        ("none.json", f'cannot load seccomp profile "none.json" from {profiles}: No such file or directory; put'),
        ("../outside.json", "it is not within that directory"),
    ):
        with pytest.raises(RuntimeFailure, match=why) as failure:
            asked(name)
        assert failure.value.reason == "CreateContainerError"
