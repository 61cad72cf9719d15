"""Why a container cannot be made from its pod: each is a reason that the pod's status shows."""


class ConfigError(Exception):
    """The pod asks for something that is not there: a ConfigMap, a key, a field. Retried when that may change."""

    reason = "CreateContainerConfigError"


class VolumeFailure(Exception):
    """A volume cannot be made ready. The message is the kubelet's, for a FailedMount event."""

    reason = "FailedMount"
