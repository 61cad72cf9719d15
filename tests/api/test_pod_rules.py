"""Pods, field by field: each rule that one may break, with Kubernetes' path and words."""

from typing import Any

import pytest
from api import faults
from api.documents import POD, STATEFULSET, pod, statefulset

C0 = "spec.containers[0]"
V0 = "spec.volumes[0]"
LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
VOLUME = {"name": "v", "emptyDir": {}}


def container(**fields: Any) -> dict[str, Any]:
    return {"spec__containers": [{"name": "main", "image": "i", **fields}]}


def mounting(*mounts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**container(volumeMounts=list(mounts), **fields), "spec__volumes": [VOLUME]}


def volume(**source: Any) -> dict[str, Any]:
    return {"spec__volumes": [{"name": "v", **source}]}


def env(**source: Any) -> dict[str, Any]:
    return container(env=[{"name": "A", "valueFrom": source}])


CONTAINERS: list[tuple[dict[str, Any], str]] = [
    (container(restartPolicy="Sometimes"), f'{C0}.restartPolicy: Unsupported value: "Sometimes": '
     'supported values: "Always", "Never", "OnFailure"'),
    (container(restartPolicyRules=[{"action": "Restart", "exitCodes": {"operator": "In", "values": [3]}}]),
     f"{C0}.restartPolicy: Required value: must specify restartPolicy when restart rules are used"),
    (container(restartPolicy="Never", restartPolicyRules=[{"action": "Dance", "exitCodes": {"operator": "In"}}]),
     f'{C0}.restartPolicyRules[0].action: Unsupported value: "Dance": supported values: "Restart"'),
    (container(restartPolicy="Never", restartPolicyRules=[{"action": "Restart"}]),
     f"{C0}.restartPolicyRules[0].exitCodes: Required value: must be specified"),
    (container(resizePolicy=[{"resourceName": "disk", "restartPolicy": "NotRequired"}]),
     f'{C0}.resizePolicy: Unsupported value: "disk": supported values: "cpu", "memory"'),
    (container(resizePolicy=[{"resourceName": "cpu", "restartPolicy": "NotRequired"}] * 2),
     f'{C0}.resizePolicy[1]: Duplicate value: "cpu"'),
    ({**container(resizePolicy=[{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]),
      "spec__restartPolicy": "Never"},
     f'{C0}.resizePolicy: Invalid value: "RestartContainer": must be \'NotRequired\' when `restartPolicy` is '
     "'Never'"),
    (container(terminationMessagePolicy="Never"), f'{C0}.terminationMessagePolicy: Unsupported value: "Never": '
     'supported values: "File", "FallbackToLogsOnError"'),
    ({"spec__initContainers": [{"name": "first", "image": "i", "readinessProbe": {"exec": {"command": ["a"]}}}]},
     "spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without "
     "restartPolicy=Always"),
    ({"spec__initContainers": [{"name": "a", "image": "i"}, {"name": "a", "image": "i"}]},
     'spec.initContainers[1].name: Duplicate value: "a"'),
    ({"spec__containers": [{"name": n, "image": "i", "ports": [{"containerPort": 80, "hostPort": 8080}]}
                           for n in "ab"]},
     'spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//8080"'),
    ({**container(ports=[{"containerPort": 80, "hostPort": 81}]), "spec__hostNetwork": True},
     f"{C0}.ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true"),
]  # fmt: skip
PROBES: list[tuple[dict[str, Any], str]] = [
    (container(livenessProbe={"exec": {}}), f"{C0}.livenessProbe.exec.command: Required value"),
    (container(livenessProbe={"grpc": {"port": 0}}),
     f"{C0}.livenessProbe.grpc.port: Invalid value: 0: must be between 1 and 65535, inclusive"),
    (container(readinessProbe={"exec": {"command": ["a"]}, "timeoutSeconds": -1}),
     f"{C0}.readinessProbe.timeoutSeconds: Invalid value: -1: must be greater than or equal to 0"),
    (container(readinessProbe={"exec": {"command": ["a"]}, "terminationGracePeriodSeconds": 3}),
     f"{C0}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 3: must not be set for readinessProbes"),
    (container(startupProbe={"exec": {"command": ["a"]}, "terminationGracePeriodSeconds": 0}),
     f"{C0}.startupProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0"),
    (container(livenessProbe={"httpGet": {"port": 80, "scheme": "FTP"}}),
     f'{C0}.livenessProbe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"'),
    (container(livenessProbe={"httpGet": {"port": 80, "httpHeaders": [{"name": "Is It", "value": "1"}]}}),
     f'{C0}.livenessProbe.httpGet.httpHeaders: Invalid value: "Is It": a valid HTTP header must consist of '
     "alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"),
    ({**container(lifecycle={"preStop": {"sleep": {"seconds": 31}}})},
     f"{C0}.lifecycle.preStop.sleep: Invalid value: 31: "
     "must be non-negative and less than terminationGracePeriodSeconds (30)"),
]  # fmt: skip
ENVIRONMENT: list[tuple[dict[str, Any], str]] = [
    (env(), f'{C0}.env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, '
     "`configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"),
    (env(fieldRef={"fieldPath": "metadata.labels"}),
     f'{C0}.env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: '
     '"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", '
     '"status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"'),
    (env(fieldRef={"fieldPath": "metadata.name['a']"}),
     f'{C0}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.name[\'a\']": '
     "error converting fieldPath: field label does not support subscript: metadata.name['a']"),
    (env(fieldRef={"fieldPath": "metadata.name", "apiVersion": "v2"}),
     f'{C0}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.name": '
     "error converting fieldPath: unsupported pod version: v2"),
    (env(resourceFieldRef={"resource": "limits.colour"}),
     f'{C0}.env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.colour": supported values: '
     '"limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", '
     '"requests.memory"'),
    (env(resourceFieldRef={"resource": "limits.cpu", "divisor": "5"}),
     f'{C0}.env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": '
     "only divisor's values 1m and 1 are supported with the cpu resource"),
    (env(configMapKeyRef={"name": "C", "key": "k"}),
     f'{C0}.env[0].valueFrom.configMapKeyRef.name: Invalid value: "C": {SUBDOMAIN}'),
    (container(envFrom=[{"secretRef": {"name": ""}}]), f"{C0}.envFrom[0].secretRef.name: Required value"),
]  # fmt: skip
MOUNTS: list[tuple[dict[str, Any], str]] = [
    (mounting({"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/a"}),
     f'{C0}.volumeMounts[1].mountPath: Invalid value: "/a": must be unique'),
    (mounting({"name": "v", "mountPath": "/a", "subPath": "../b"}),
     f"{C0}.volumeMounts.subPath: Invalid value: \"../b\": must not contain '..'"),
    (mounting({"name": "v", "mountPath": "/a", "subPath": "b", "subPathExpr": "c"}),
     f'{C0}.volumeMounts[0].subPathExpr: Invalid value: "c": subPathExpr and subPath are mutually exclusive'),
    (mounting({"name": "v", "mountPath": "/a", "mountPropagation": "Bidirectional"}),
     f"{C0}.volumeMounts.mountPropagation: Forbidden: "
     "Bidirectional mount propagation is available only to privileged containers"),
    (mounting({"name": "v", "mountPath": "/a", "recursiveReadOnly": "Enabled"}),
     f"{C0}.volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true"),
    ({**container(volumeDevices=[{"name": "v", "devicePath": "/dev/a"}]), "spec__volumes": [VOLUME]},
     f'{C0}.volumeDevices[0].name: Invalid value: "v": '
     "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"),
    (container(volumeDevices=[{"name": "w", "devicePath": "/dev/a"}]),
     f'{C0}.volumeDevices[0].name: Not found: "w"'),
]  # fmt: skip
RESOURCES: list[tuple[dict[str, Any], str]] = [
    (container(resources={"limits": {"colour": "1"}}), f'{C0}.resources.limits[colour]: Invalid value: "colour": '
     "must be a standard resource type or fully qualified"),
    (container(resources={"limits": {"pods": "1"}}), f'{C0}.resources.limits[pods]: Invalid value: "pods": '
     "must be a standard resource for containers"),
    (container(resources={"requests": {"shop.example/gpu": "1"}}),
     f"{C0}.resources.limits: Required value: Limit must be set for non overcommitable resources"),
    (container(resources={"limits": {"shop.example/gpu": "1500m"}}),
     f'{C0}.resources.limits[shop.example/gpu]: Invalid value: "1500m": must be an integer'),
    (container(resources={"limits": {"hugepages-2Mi": "4Mi"}}),
     f"{C0}.resources: Forbidden: HugePages require cpu or memory"),
    (container(resources={"limits": {"cpu": "1", "hugepages-2Mi": "3Mi"}}),
     f'{C0}.resources.limits[hugepages-2Mi]: Invalid value: "3Mi": '
     "3Mi is not positive integer multiple of hugepages-2Mi"),
    (container(resources={"claims": [{"name": "gpu"}]}), f'{C0}.resources.claims[0]: Not found: "gpu": '
     "must be one of the names in pod.spec.resourceClaims which is empty"),
    ({"spec__resourceClaims": [{"name": "gpu"}]},
     'spec.resourceClaims[0]: Invalid value: {"name":"gpu"}: '
     "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"),
    ({**container(resources={"requests": {"cpu": "2"}}), "spec__resources": {"requests": {"cpu": "1"}}},
     'spec.resources.requests[cpu]: Invalid value: "1": '
     "must be greater than or equal to aggregate container requests of 2"),
    ({"spec__resources": {"limits": {"ephemeral-storage": "1Gi"}}},
     'spec.resources.limits[ephemeral-storage]: Unsupported value: "ephemeral-storage": '
     'supported values: "cpu", "hugepages-*", "memory"'),
]  # fmt: skip
SECURITY: list[tuple[dict[str, Any], str]] = [
    (container(securityContext={"procMount": "Unmasked"}), f'{C0}.securityContext.procMount: Invalid value: '
     '"Unmasked": `hostUsers` must be false to use `Unmasked`'),
    (container(securityContext={"seccompProfile": {"type": "Localhost"}}),
     f"{C0}.securityContext.seccompProfile.localhostProfile: Required value: "
     "must be set when seccomp type is Localhost"),
    (container(securityContext={"seccompProfile": {"type": "Quiet"}}),
     f'{C0}.securityContext.seccompProfile.type: Unsupported value: "Quiet": '
     'supported values: "Localhost", "RuntimeDefault", "Unconfined"'),
    (container(securityContext={"appArmorProfile": {"type": "Unconfined", "localhostProfile": "a"}}),
     f'{C0}.securityContext.appArmorProfile.localhostProfile: Invalid value: "a": '
     "can only be set when AppArmor type is Localhost"),
    (container(
        securityContext={
            "allowPrivilegeEscalation": False, "privileged": True, "capabilities": {"add": ["A"]},
            "seLinuxOptions": {"level": "s0", "role": "r"},
            "windowsOptions": {"hostProcess": True, "gmsaCredentialSpecName": "g"},
            "seccompProfile": {"type": "Localhost", "localhostProfile": "p"},
            "appArmorProfile": {"type": "Unconfined"},
        }),
     f'{C0}.securityContext: Invalid value: {{"Capabilities":{{"Add":["A"],"Drop":null}},"Privileged":true,'
     '"SELinuxOptions":{"User":"","Role":"r","Type":"","Level":"s0"},'
     '"WindowsOptions":{"GMSACredentialSpecName":"g","GMSACredentialSpec":null,"RunAsUserName":null,'
     '"HostProcess":true},'
     '"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,'
     '"AllowPrivilegeEscalation":false,"ProcMount":null,'
     '"SeccompProfile":{"Type":"Localhost","LocalhostProfile":"p"},'
     '"AppArmorProfile":{"Type":"Unconfined","LocalhostProfile":null}}: '
     "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"),
    (container(securityContext={"allowPrivilegeEscalation": False, "privileged": True}),
     f'{C0}.securityContext: Invalid value: {{"Capabilities":null,"Privileged":true,"SELinuxOptions":null,'
     '"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,'
     '"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null}: '
     "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"),
    ({"spec__securityContext": {"supplementalGroups": [1, -1]}},
     "spec.securityContext.supplementalGroups[1]: Invalid value: -1: must be between 0 and 2147483647, inclusive"),
    ({"spec__securityContext": {"fsGroupChangePolicy": "Never"}},
     'spec.securityContext.fsGroupChangePolicy: Unsupported value: "Never": '
     'supported values: "Always", "OnRootMismatch"'),
    ({"spec__securityContext": {"sysctls": [{"name": "Net", "value": "1"}]}},
     'spec.securityContext.sysctls[0].name: Invalid value: "Net": must have at most 253 characters and match regex '
     r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"),
    ({"spec__securityContext": {"sysctls": [{"name": "net.core.somaxconn", "value": "1"}]},
      "spec__hostNetwork": True},
     'spec.securityContext.sysctls[0].name: Invalid value: "net.core.somaxconn": '
     "may not be specified when 'hostNetwork' is true"),
    ({"spec__hostPID": True, "spec__shareProcessNamespace": True},
     "spec.securityContext.shareProcessNamespace: Invalid value: true: "
     "ShareProcessNamespace and HostPID cannot both be enabled"),
    ({"spec__hostUsers": False, "spec__hostPID": True},
     "spec.HostPID: Forbidden: when `pod.Spec.HostUsers` is false"),
    ({"spec__os": {"name": "plan9"}}, 'spec.os: Unsupported value: "plan9": supported values: "linux", "windows"'),
    ({"spec__os": {"name": "windows"}, "spec__hostIPC": True},
     "spec.hostIPC: Forbidden: cannot be set for a windows pod"),
    ({"spec__os": {"name": "linux"}, "spec__securityContext": {"windowsOptions": {"runAsUserName": "u"}}},
     "spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod"),
    ({"spec__securityContext": {"windowsOptions": {"hostProcess": True}}},
     "spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers"),
]  # fmt: skip
VOLUMES: list[tuple[dict[str, Any], str]] = [
    (volume(emptyDir={"sizeLimit": "-1"}),
     f"{V0}.emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity"),
    (volume(hostPath={"path": "/a", "type": "Tree"}), f'{V0}.hostPath.type: Unsupported value: "Tree": supported '
     'values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"'),
    (volume(secret={"secretName": "s", "defaultMode": 512}), f"{V0}.secret.defaultMode: Invalid value: 512: "
     "must be a number between 0 and 0777 (octal), both inclusive"),
    (volume(configMap={"name": "c", "items": [{"key": "k", "path": "..a"}]}),
     f"{V0}.configMap.items[0].path: Invalid value: \"..a\": must not start with '..'"),
    (volume(downwardAPI={"items": [{"path": "a", "fieldRef": {"fieldPath": "spec.nodeName"}}]}),
     f'{V0}.downwardAPI.fieldRef.fieldPath: Unsupported value: "spec.nodeName": supported values: '
     '"metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"'),
    (volume(downwardAPI={"items": [{"path": "a", "resourceFieldRef": {"resource": "limits.cpu"}}]}),
     f"{V0}.downwardAPI.resourceFieldRef.containerName: Required value"),
    (volume(downwardAPI={"items": [{"path": "a"}]}),
     f"{V0}.downwardAPI: Required value: one of fieldRef and resourceFieldRef is required"),
    (volume(projected={"sources": [{"secret": {"name": "a", "items": [{"key": "k", "path": "p"}]}},
                                   {"configMap": {"name": "b", "items": [{"key": "k", "path": "p"}]}}]}),
     f'{V0}.projected: Invalid value: "b": conflicting duplicate paths'),
    (volume(projected={"sources": [{"secret": {"name": "a"}, "configMap": {"name": "b"}}]}),
     f"{V0}.projected.sources[0]: Forbidden: may not specify more than 1 volume type per source"),
    ({**volume(projected={"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 10}}]}),
      "spec__serviceAccountName": "clerk"},
     f"{V0}.projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 10: "
     "may not specify a duration less than 10 minutes"),
    (volume(projected={"sources": [{"serviceAccountToken": {"path": "t"}}]}),
     f"{V0}.projected.sources[0].serviceAccountToken: Forbidden: "
     "must not be specified when serviceAccountName is not set"),
    (volume(projected={"sources": [{"clusterTrustBundle": {"path": "t"}}]}),
     f"{V0}.projected.sources[0].clusterTrustBundle: Required value: either name or signerName must be specified"),
    (volume(nfs={"server": "s", "path": "a"}), f'{V0}.nfs.path: Invalid value: "a": must be an absolute path'),
    (volume(csi={"driver": "A_b"}), f'{V0}.csi.driver: Invalid value: "A_b": {SUBDOMAIN}'),
    (volume(gcePersistentDisk={"pdName": ""}), f"{V0}.persistentDisk.pdName: Required value"),
    (volume(iscsi={"targetPortal": "p", "iqn": "disk", "lun": 0}), f'{V0}.iscsi.iqn: Invalid value: "disk": '
     "must be valid format starting with iqn, eui, or naa"),
    (volume(fc={"targetWWNs": ["a"]}), f"{V0}.fc.lun: Required value: lun is required if targetWWNs is specified"),
    (volume(flexVolume={"driver": "d", "options": {"a.k8s.io/b": "c"}}),
     f'{V0}.flexVolume.options[a.k8s.io/b]: Invalid value: "a.k8s.io/b": '
     "kubernetes.io and k8s.io namespaces are reserved"),
    (volume(image={"reference": ""}), f"{V0}.image.reference: Required value"),
    (volume(ephemeral={}), f"{V0}.ephemeral.volumeClaimTemplate: Required value"),
    ({"spec__volumes": [
        {"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}},
        {"name": "w", "persistentVolumeClaim": {"claimName": "web-v"}}]},
     'spec.volumes[1].persistentVolumeClaim.claimName: Invalid value: "web-v": '
     "must not reference a PVC that gets created for an ephemeral volume"),
    (volume(emptyDir={}, downwardAPI={}), f"{V0}.downwarAPI: Forbidden: may not specify more than 1 volume type"),
]  # fmt: skip
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
NODE_TERM = f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0]"
POD_TERM = f"spec.affinity.podAffinity.{REQUIRED}[0]"


def on_node(**term: Any) -> dict[str, Any]:
    return {"spec__affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [term]}}}}


def beside(**term: Any) -> dict[str, Any]:
    return {"spec__affinity": {"podAffinity": {REQUIRED: [{"topologyKey": "zone", **term}]}}}


def spread(*constraints: dict[str, Any]) -> dict[str, Any]:
    rule = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
    return {"spec__topologySpreadConstraints": [{**rule, **each} for each in constraints]}


PLACEMENT: list[tuple[dict[str, Any], str]] = [
    (on_node(matchExpressions=[{"key": "a", "operator": "Near"}]),
     f'{NODE_TERM}.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator'),
    (on_node(matchExpressions=[{"key": "a", "operator": "Gt", "values": ["1", "2"]}]),
     f"{NODE_TERM}.matchExpressions[0].values: Required value: "
     "must be specified single value when `operator` is 'Lt' or 'Gt'"),
    (on_node(matchFields=[{"key": "metadata.uid", "operator": "In", "values": ["a"]}]),
     f'{NODE_TERM}.matchFields[0].key: Invalid value: "metadata.uid": not a valid field selector key'),
    (on_node(matchFields=[{"key": "metadata.name", "operator": "In", "values": ["a", "b"]}]),
     f"{NODE_TERM}.matchFields[0].values: Required value: "
     "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"),
    ({"spec__affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": []}}}},
     f"{NODE_TERM.removesuffix('[0]')}: Required value: must have at least one node selector term"),
    (beside(namespaces=["Shop"]), f'{POD_TERM}.namespace: Invalid value: "Shop": {LABEL}'),
    (beside(matchLabelKeys=["a"]),
     f"{POD_TERM}.matchLabelKeys: Forbidden: must not be specified when labelSelector is not set"),
    (beside(labelSelector={}, matchLabelKeys=["a"], mismatchLabelKeys=["a"]),
     f'{POD_TERM}.matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and mismatchLabelKeys'),
    (spread({"maxSkew": 0}),
     "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero"),
    (spread({}, {}), "spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: "
     'Duplicate value: "{zone, DoNotSchedule}"'),
    (spread({"whenUnsatisfiable": "ScheduleAnyway", "minDomains": 2}),
     "spec.topologySpreadConstraints[0].minDomains: Invalid value: 2: "
     "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway"),
    (spread({"nodeTaintsPolicy": "Obey"}), "spec.topologySpreadConstraints[0].nodeTaintsPolicy: "
     'Unsupported value: "Obey": supported values: "Honor", "Ignore"'),
    (spread({"labelSelector": {"matchLabels": {"a": "b"}}, "matchLabelKeys": ["a"]}),
     'spec.topologySpreadConstraints[0].matchLabelKeys[0]: Invalid value: "a": '
     "exists in both matchLabelKeys and labelSelector"),
    ({"spec__tolerations": [{"operator": "Exists", "key": "a", "value": "b"}]},
     "spec.tolerations[0].operator: Invalid value: \"b\": value must be empty when `operator` is 'Exists'"),
    ({"spec__tolerations": [{"key": "a", "operator": "Like"}]},
     'spec.tolerations[0].operator: Unsupported value: "Like": supported values: "Equal", "Exists"'),
    ({"spec__schedulingGates": [{"name": "shop.example/paid"}] * 2},
     'spec.schedulingGates[1]: Duplicate value: "shop.example/paid"'),
    ({"spec__schedulingGates": [{"name": "shop.example/paid"}], "spec__nodeName": "a"},
     "spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"),
]  # fmt: skip
NETWORK: list[tuple[dict[str, Any], str]] = [
    ({"spec__dnsPolicy": "None", "spec__dnsConfig": {"searches": ["a"]}},
     "spec.dnsConfig.nameservers: Required value: "
     "must provide at least one DNS nameserver when `dnsPolicy` is None"),
    ({"spec__dnsConfig": {"nameservers": ["1.1.1.1", "8.8.8.8", "9.9.9.9", "1.0.0.1"]}},
     'spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","8.8.8.8","9.9.9.9","1.0.0.1"]: '
     "must not have more than 3 nameservers"),
    ({"spec__dnsConfig": {"nameservers": ["here"]}},
     f'spec.dnsConfig.nameservers[0]: Invalid value: "here": {ADDRESS}'),
    ({"spec__dnsConfig": {"options": [{"value": "2"}]}},
     "spec.dnsConfig.options[0]: Required value: must not be empty"),
    ({"spec__hostAliases": [{"ip": "here", "hostnames": ["a"]}]},
     f'spec.hostAliases[0].ip: Invalid value: "here": {ADDRESS}'),
    ({"spec__hostAliases": [{"ip": "10.0.0.1", "hostnames": ["A"]}]},
     f'spec.hostAliases[0].hostnames[0]: Invalid value: "A": {SUBDOMAIN}'),
    ({"spec__preemptionPolicy": "Always"}, 'spec.preemptionPolicy: Unsupported value: "Always": '
     'supported values: "PreemptLowerPriority", "Never"'),
    ({"spec__overhead": {"cpu": "-1"}},
     'spec.overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'),
    ({"spec__readinessGates": [{"conditionType": "a/b/c"}]}, "spec.readinessGates[0].conditionType: "),
    ({"metadata__annotations": {"kubernetes.io/config.mirror": "x"}},
     'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": '
     "must set spec.nodeName if mirror pod annotation is set"),
    ({"metadata__annotations": {"controller.kubernetes.io/pod-deletion-cost": "+3"}},
     'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+3": '
     "must be a 32bit integer"),
    ({"metadata__annotations": {"container.apparmor.security.beta.kubernetes.io/other": "unconfined"}},
     "metadata.annotations[container.apparmor.security.beta.kubernetes.io/other]: "
     'Invalid value: "other": container not found'),
    ({"metadata__annotations": {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"},
      "spec__securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}},
     "spec.securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match"),
]  # fmt: skip
EVERYTHING = CONTAINERS + PROBES + ENVIRONMENT + MOUNTS + RESOURCES + SECURITY + VOLUMES + PLACEMENT + NETWORK


@pytest.mark.parametrize(("changes", "said"), faults.table(EVERYTHING))
def test_a_pod_that_breaks_a_rule_is_told_so(changes: dict[str, Any], said: str) -> None:
    found = faults.of_new(POD, pod(**changes))
    assert found and found[0].startswith(said), found


@pytest.mark.parametrize(
    "changes",
    [
        env(fieldRef={"fieldPath": "metadata.labels['shop.example/tier']"}),
        env(fieldRef={"fieldPath": "spec.host"}),
        env(resourceFieldRef={"resource": "limits.memory", "divisor": "1Mi"}),
        container(restartPolicy="OnFailure"),
        container(resources={"limits": {"cpu": "1", "hugepages-2Mi": "4Mi"}}),
        container(resources={"limits": {"shop.example/gpu": "1"}, "requests": {"shop.example/gpu": "1"}}),
        container(lifecycle={"preStop": {"sleep": {"seconds": 0}}}),
        {"spec__dnsConfig": {"searches": [".", "_tcp.shop.example."]}},
        {"spec__tolerations": [{"operator": "Exists"}]},
        {"spec__tolerations": [{"key": "a", "operator": "Gt", "value": "3"}]},
        volume(projected={"sources": [{"clusterTrustBundle": {"signerName": "shop.example/s", "path": "t"}}]}),
        volume(hostPath={"path": "/", "type": "Directory"}),
        {"metadata__annotations": {"controller.kubernetes.io/pod-deletion-cost": "-3"}},
        {"spec__os": {"name": "linux"}},
        on_node(matchFields=[{"key": "metadata.name", "operator": "In", "values": ["one"]}]),
        beside(labelSelector={"matchLabels": {"a": "b"}}, matchLabelKeys=["pod-template-hash"]),
    ],
    ids=str,
)
def test_a_pod_that_looks_odd_and_is_right_passes(changes: dict[str, Any]) -> None:
    assert faults.of_new(POD, pod(**changes)) == []


def test_a_volume_that_is_wrong_cannot_be_mounted_either() -> None:
    said = faults.of_new(
        POD,
        pod(
            spec__volumes=[{"name": "v", "nfs": {"server": "", "path": "/a"}}],
            **container(volumeMounts=[{"name": "v", "mountPath": "/a"}]),
        ),
    )
    assert said == [f"{V0}.nfs.server: Required value", f'{C0}.volumeMounts[0].name: Not found: "v"']


def test_a_template_may_have_blanks_around_an_image_and_no_image_reference() -> None:
    """What is made of templates is filled in elsewhere."""
    changes = {"spec__template__spec__containers__0__image": " ", "spec__template__spec__volumes": [
        {"name": "data", "image": {"reference": "", "pullPolicy": "Always"}}]}  # fmt: skip
    assert faults.of_new(STATEFULSET, statefulset(**changes)) == []


def test_a_claim_template_can_be_a_device() -> None:
    device = {"name": "main", "image": "i", "volumeDevices": [{"name": "d", "devicePath": "/dev/d"}]}
    assert faults.of_new(STATEFULSET, statefulset(spec__template__spec__containers=[device])) == []


def test_a_template_is_told_where_its_annotations_are_wrong() -> None:
    wrong = {"controller.kubernetes.io/pod-deletion-cost": "much"}
    said = faults.of_new(STATEFULSET, statefulset(spec__template__metadata__annotations=wrong))
    assert said == [
        'spec.template.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "much": '
        "must be a 32bit integer"
    ]
