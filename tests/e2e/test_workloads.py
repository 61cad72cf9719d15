"""What charts bring along beside stateful sets, driven by kubectl against a server with simulated nodes."""

import pytest
from e2e.harness import Petset

pytestmark = pytest.mark.timeout(120)


def test_a_deployment_is_rolled_out_looked_at_undone_paused_and_scaled(petset: Petset) -> None:
    kubectl = petset.kubectl
    kubectl("create", "deployment", "web", "--image=redis:7.0", "--replicas=2")
    kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=60s")
    kubectl("set", "image", "deployment/web", "redis=redis:8")
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    history = [line.split()[0] for line in kubectl("rollout", "history", "deployment/web").splitlines()[2:] if line]
    assert history == ["1", "2"]
    assert "rolled back" in kubectl("rollout", "undo", "deployment/web")
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    assert petset.get("deployment", "web")["spec"]["template"]["spec"]["containers"][0]["image"] == "redis:7.0"
    assert "restarted" in kubectl("rollout", "restart", "deployment/web")
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    assert "paused" in kubectl("rollout", "pause", "deployment/web")
    assert "resumed" in kubectl("rollout", "resume", "deployment/web")
    assert "autoscaled" in kubectl("autoscale", "deployment", "web", "--max=5")
    assert "scaled" in kubectl("scale", "deployment/web", "--replicas=3")
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    assert "3/3" in kubectl("get", "deploy", "web", "-o", "wide")
    everything = kubectl("get", "all")
    assert "deployment.apps/web" in everything and "replicaset.apps/web-" in everything
    assert "NewReplicaSetAvailable" in kubectl("describe", "deployment", "web")
    kubectl("delete", "deployment", "web", "--cascade=foreground", "--timeout=60s")
    assert petset.get("replicasets")["items"] == []


JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: sum}
spec:
  activeDeadlineSeconds: 2
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: "redis:7.0"}]
"""


def test_a_job_is_created_waited_for_and_described(petset: Petset) -> None:
    kubectl = petset.kubectl
    assert "job.batch/sum created" in kubectl("apply", "-f", "-", stdin=JOB)
    kubectl("wait", "--for=condition=failed", "job/sum", "--timeout=60s")  # simulated containers never end
    row = kubectl("get", "job", "sum").splitlines()[1].split()
    assert row[:3] == ["sum", "Failed", "0/1"]
    assert "DeadlineExceeded" in kubectl("describe", "job", "sum")
    wrong = petset.try_kubectl("create", "-f", "-", stdin=JOB.replace("Never", "Always").replace("sum", "other"))
    assert 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"' in wrong.stderr
    kubectl("delete", "job", "sum", "--timeout=60s")


DAEMONS = """\
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: "redis:7.0"}]
"""


def test_a_daemon_set_is_rolled_out_and_undone(petset: Petset) -> None:
    kubectl = petset.kubectl
    kubectl("apply", "-f", "-", stdin=DAEMONS)
    kubectl("rollout", "status", "ds/agent", "--timeout=60s")
    kubectl("set", "image", "ds/agent", "main=redis:8")
    assert "successfully rolled out" in kubectl("rollout", "status", "ds/agent", "--timeout=60s")
    assert "rolled back" in kubectl("rollout", "undo", "ds/agent")
    kubectl("rollout", "status", "ds/agent", "--timeout=60s")
    history = [line.split()[0] for line in kubectl("rollout", "history", "ds/agent").splitlines()[2:] if line]
    assert history == ["2", "3"]
    assert "restarted" in kubectl("rollout", "restart", "ds/agent")
    row = kubectl("get", "ds", "agent").splitlines()[1].split()
    assert row[:3] == ["agent", "2", "2"]
    kubectl("delete", "ds", "agent", "--timeout=60s")


def test_a_cron_job_is_created_and_run_by_hand(petset: Petset) -> None:
    kubectl = petset.kubectl
    kubectl("create", "cronjob", "tick", "--image=redis:7.0", "--schedule=0 0 1 1 *")
    row = kubectl("get", "cj", "tick").splitlines()[1].split()
    assert row[0] == "tick" and row[-5:-1] == ["<none>", "False", "0", "<none>"]
    kubectl("create", "job", "now", "--from=cronjob/tick")
    owner = petset.get("job", "now")["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["name"]) == ("CronJob", "tick")
    kubectl("delete", "cronjob", "tick", "--cascade=foreground", "--timeout=60s")
    assert petset.get("jobs")["items"] == []


DATA = """\
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: important}
value: 1000
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: calm}
spec: {minAvailable: 1, selector: {matchLabels: {app: calm}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed}
spec: {podSelector: {}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: door}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: limits}
spec: {limits: [{type: Container, max: {memory: 1Gi}}]}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota}
spec: {hard: {pods: "10"}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
---
apiVersion: v1
kind: Pod
metadata: {name: vip}
spec:
  priorityClassName: important
  containers: [{name: main, image: "redis:7.0"}]
"""


def test_what_charts_say_of_limits_and_access_is_kept_completed_and_shown(petset: Petset) -> None:
    petset.kubectl("apply", "-f", "-", stdin=DATA)
    assert petset.pod("vip")["spec"]["priority"] == 1000
    assert petset.get("netpol", "closed")["spec"]["policyTypes"] == ["Ingress"]
    assert petset.get("limits", "limits")["spec"]["limits"][0]["default"] == {"memory": "1Gi"}
    assert petset.get("hpa", "web")["spec"]["minReplicas"] == 1
    assert petset.kubectl("get", "pdb", "calm").splitlines()[1].split()[:4] == ["calm", "1", "N/A", "0"]
    assert "door" in petset.kubectl("get", "ingress")
    assert "unchanged" in petset.kubectl("apply", "-f", "-", stdin=DATA)
    petset.kubectl("delete", "-f", "-", "--timeout=60s", stdin=DATA)


LIMITED = """\
apiVersion: v1
kind: ResourceQuota
metadata: {name: few}
spec: {hard: {count/statefulsets.apps: "1", requests.cpu: "1"}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: small}
spec: {limits: [{type: Container, defaultRequest: {cpu: 400m}, max: {cpu: "2"}, default: {cpu: "1"}}]}
"""


def test_what_controllers_make_is_held_to_quotas_and_limits_and_why_says_so(petset: Petset) -> None:
    kubectl = petset.kubectl
    kubectl("create", "namespace", "tight")
    kubectl("apply", "-n", "tight", "-f", "-", stdin=LIMITED)
    kubectl("apply", "-n", "tight", "-f", "-", stdin=SET)
    kubectl("wait", "-n", "tight", "--for=jsonpath={.status.readyReplicas}=2", "statefulset/calm", "--timeout=60s")
    kubectl(
        "wait", "-n", "tight", "--for=jsonpath={.status.used.requests\\.cpu}=800m", "quota/few", "--timeout=20s"
    )
    described = [line.split() for line in kubectl("describe", "-n", "tight", "quota", "few").splitlines()]
    assert ["requests.cpu", "800m", "1"] in described and ["count/statefulsets.apps", "1", "1"] in described
    why = petset.try_petset("why", "-n", "tight", "calm").stdout
    refusal = "exceeded quota: few, requested: requests.cpu=400m, used: requests.cpu=800m, limited: requests.cpu=1"
    assert refusal in why
    kubectl("patch", "-n", "tight", "quota", "few", "--type=merge", "-p", '{"spec":{"hard":{"requests.cpu":"2"}}}')
    kubectl("wait", "-n", "tight", "--for=jsonpath={.status.readyReplicas}=3", "statefulset/calm", "--timeout=60s")
    kubectl("delete", "namespace", "tight", "--timeout=60s")


SET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: calm}
spec:
  replicas: 3
  serviceName: calm
  selector: {matchLabels: {app: calm}}
  template:
    metadata: {labels: {app: calm}}
    spec: {containers: [{name: main, image: "redis:7.0"}]}
"""
