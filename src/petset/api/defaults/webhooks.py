"""Defaults of webhooks and policies: ten seconds, everything matches, and what cannot be asked is refused."""

from petset.api.models import admissionregistration_v1 as admission
from petset.api.models import meta_v1

SECONDS = 10
HTTPS_PORT = 443
Webhook = admission.MutatingWebhook | admission.ValidatingWebhook


def default_mutating(configuration: admission.MutatingWebhookConfiguration) -> None:
    """Webhooks that change objects are asked once, unless they say otherwise."""
    for webhook in configuration.webhooks or ():
        _default_webhook(webhook)
        webhook.reinvocationPolicy = webhook.reinvocationPolicy or "Never"


def default_validating(configuration: admission.ValidatingWebhookConfiguration) -> None:
    """The same, without a second time."""
    for webhook in configuration.webhooks or ():
        _default_webhook(webhook)


def _default_webhook(webhook: Webhook) -> None:
    webhook.failurePolicy = webhook.failurePolicy or "Fail"
    webhook.matchPolicy = webhook.matchPolicy or "Equivalent"
    webhook.namespaceSelector = webhook.namespaceSelector or meta_v1.LabelSelector()
    webhook.objectSelector = webhook.objectSelector or meta_v1.LabelSelector()
    if webhook.timeoutSeconds is None:
        webhook.timeoutSeconds = SECONDS
    for rule in webhook.rules or ():
        rule.scope = rule.scope or "*"
    service = webhook.clientConfig.service
    if service is not None and service.port is None:
        service.port = HTTPS_PORT


def default_policy(policy: admission.ValidatingAdmissionPolicy | admission.MutatingAdmissionPolicy) -> None:
    """What cannot be tried is refused."""
    if policy.spec is not None:
        policy.spec.failurePolicy = policy.spec.failurePolicy or "Fail"
        _default_resources(policy.spec.matchConstraints)


def default_policy_binding(
    binding: admission.ValidatingAdmissionPolicyBinding | admission.MutatingAdmissionPolicyBinding,
) -> None:
    """The same writes as the policy, unless it says otherwise."""
    if binding.spec is not None:
        _default_resources(binding.spec.matchResources)


def _default_resources(resources: admission.MatchResources | None) -> None:
    if resources is None:
        return
    resources.matchPolicy = resources.matchPolicy or "Equivalent"
    resources.namespaceSelector = resources.namespaceSelector or meta_v1.LabelSelector()
    resources.objectSelector = resources.objectSelector or meta_v1.LabelSelector()
    for rule in (*(resources.resourceRules or ()), *(resources.excludeResourceRules or ())):
        rule.scope = rule.scope or "*"
