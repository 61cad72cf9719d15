"""Webhook configurations: whom to ask, about what, and what if there is no answer."""

from urllib.parse import urlsplit

from petset.api import expressions, names
from petset.api.defaults.webhooks import Webhook
from petset.api.models import admissionregistration_v1 as admission
from petset.api.models import apiextensions_v1
from petset.api.validation.fields import Faults
from petset.api.validation.selectors import check_label_selector

_VERSIONS = ("v1", "v1beta1")
_OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_SCOPES = ("*", "Cluster", "Namespaced")
_EVERYTHING = {
    "operations": "operations",
    "apiGroups": "API groups",
    "apiVersions": "API versions",
    "resources": "resources without subresources",
}
"""What a `*` stands for, and so must stand alone."""
_SIDE_EFFECTS = ("None", "NoneOnDryRun")
_FORMAT = "desired format: https://host[/path]"
MOST_SECONDS = 30
MOST_CONDITIONS = 64


def check_mutating(configuration: admission.MutatingWebhookConfiguration, faults: Faults) -> None:
    """Every webhook, each name once."""
    seen: set[str] = set()
    for index, webhook in enumerate(configuration.webhooks or ()):
        here = f"webhooks[{index}]"
        _check_webhook(here, webhook, seen, faults)
        if webhook.reinvocationPolicy not in ("Never", "IfNeeded"):
            faults.not_supported(f"{here}.reinvocationPolicy", webhook.reinvocationPolicy, ("IfNeeded", "Never"))


def check_validating(configuration: admission.ValidatingWebhookConfiguration, faults: Faults) -> None:
    """The same for those that only look."""
    seen: set[str] = set()
    for index, webhook in enumerate(configuration.webhooks or ()):
        _check_webhook(f"webhooks[{index}]", webhook, seen, faults)


def _check_webhook(path: str, webhook: Webhook, seen: set[str], faults: Faults) -> None:
    _check_name(f"{path}.name", webhook.name, faults)
    if webhook.name in seen:
        faults.duplicate(f"{path}.name", webhook.name)
    seen.add(webhook.name)
    check_review_versions(f"{path}.admissionReviewVersions", webhook.admissionReviewVersions, faults)
    for index, rule in enumerate(webhook.rules or ()):
        check_rule(f"{path}.rules[{index}]", rule, faults)
    if webhook.failurePolicy not in ("Ignore", "Fail"):
        faults.not_supported(f"{path}.failurePolicy", webhook.failurePolicy, ("Fail", "Ignore"))
    if webhook.matchPolicy not in ("Exact", "Equivalent"):
        faults.not_supported(f"{path}.matchPolicy", webhook.matchPolicy, ("Equivalent", "Exact"))
    if not webhook.sideEffects:
        faults.required(f"{path}.sideEffects", f"must specify one of {', '.join(_SIDE_EFFECTS)}")
    elif webhook.sideEffects not in _SIDE_EFFECTS:
        faults.not_supported(f"{path}.sideEffects", webhook.sideEffects, _SIDE_EFFECTS)
    seconds = webhook.timeoutSeconds
    if seconds is not None and not 1 <= seconds <= MOST_SECONDS:
        detail = f"the timeout value must be between 1 and {MOST_SECONDS} seconds"
        faults.invalid(f"{path}.timeoutSeconds", seconds, detail)
    check_label_selector(f"{path}.namespaceSelector", webhook.namespaceSelector, faults)
    check_label_selector(f"{path}.objectSelector", webhook.objectSelector, faults)
    check_client(f"{path}.clientConfig", webhook.clientConfig, faults)
    check_conditions(f"{path}.matchConditions", webhook.matchConditions or [], faults)


def _check_name(path: str, name: str, faults: Faults) -> None:
    if not name:
        faults.required(path)
        return
    complaints = list(names.dns_subdomain(name))
    faults.each(path, name, complaints)
    if not complaints and name.count(".") < 2:
        faults.invalid(path, name, "should be a domain with at least three segments separated by dots")


def check_review_versions(path: str, versions: list[str], faults: Faults) -> None:
    """At least one version of the questions must be one that the server speaks."""
    if not versions:
        faults.required(path, f"must specify one of {', '.join(_VERSIONS)}")
    elif not set(versions) & set(_VERSIONS):
        faults.invalid(path, versions, f"must include at least one of {', '.join(_VERSIONS)}")
    for index, version in enumerate(versions):
        if version in versions[:index]:
            faults.invalid(f"{path}[{index}]", version, "duplicate version")


def check_rule(
    path: str, rule: admission.RuleWithOperations | admission.NamedRuleWithOperations, faults: Faults
) -> None:
    """What is done to which resources."""
    for name, what in _EVERYTHING.items():
        listed = getattr(rule, name) or []
        if not listed:
            faults.required(f"{path}.{name}")
        others = [each for each in listed if each != "*" and (name != "resources" or "/" not in each)]
        if "*" in listed and others:
            faults.invalid(f"{path}.{name}", listed, f"if '*' is present, must not specify other {what}")
    for index, operation in enumerate(rule.operations or ()):
        if operation not in _OPERATIONS:
            faults.not_supported(f"{path}.operations[{index}]", operation, _OPERATIONS)
    if rule.scope not in _SCOPES:
        faults.not_supported(f"{path}.scope", rule.scope, _SCOPES)


def check_client(
    path: str, client: admission.WebhookClientConfig | apiextensions_v1.WebhookClientConfig, faults: Faults
) -> None:
    """Where a webhook listens, for admission or for conversion."""
    if (client.url is None) == (client.service is None):
        faults.required(path, "exactly one of url or service is required")
    elif client.url is not None:
        _check_url(f"{path}.url", client.url, faults)
    elif client.service is not None:
        _check_service(f"{path}.service", client.service, faults)


def _check_url(path: str, url: str, faults: Faults) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        faults.required(path, f"url must be a valid URL: {error}; {_FORMAT}")
        return
    if parts.scheme != "https":
        faults.invalid(path, parts.scheme, f"'https' is the only allowed URL scheme; {_FORMAT}")
    if not parts.hostname:
        faults.invalid(path, parts.netloc, f"host must be specified; {_FORMAT}")
    if parts.username is not None:
        faults.invalid(path, parts.username, "user information is not permitted in the URL")
    if parts.fragment:
        faults.invalid(path, parts.fragment, "fragments are not permitted in the URL")
    if parts.query:
        faults.invalid(path, parts.query, "query parameters are not permitted in the URL")


def _check_service(
    path: str, service: admission.ServiceReference | apiextensions_v1.ServiceReference, faults: Faults
) -> None:
    for name in ("name", "namespace"):
        if not getattr(service, name):
            faults.required(f"{path}.{name}", f"service {name} is required")
    faults.each(f"{path}.port", service.port, names.port_number(service.port or 0))
    if service.path and not service.path.startswith("/"):
        faults.invalid(f"{path}.path", service.path, "must start with a '/'")


def check_conditions(path: str, conditions: list[admission.MatchCondition], faults: Faults) -> None:
    """Expressions with names, which can be tried."""
    if len(conditions) > MOST_CONDITIONS:
        faults.invalid(path, len(conditions), f"must have at most {MOST_CONDITIONS} items")
    for index, condition in enumerate(conditions):
        here = f"{path}[{index}]"
        if not condition.expression.strip():
            faults.required(f"{here}.expression")
        elif fault := expressions.fault(condition.expression, "bool"):
            faults.invalid(f"{here}.expression", condition.expression, fault)
        if not condition.name:
            faults.required(f"{here}.name")
        else:
            faults.each(f"{here}.name", condition.name, names.qualified_name(condition.name))
        if condition.name in [other.name for other in conditions[:index]]:
            faults.duplicate(f"{here}.name", condition.name)
