"""Admission policies and their bindings: what they are about, and expressions that can be tried."""

from petset.api import expressions, names
from petset.api.models import admissionregistration_v1 as admission
from petset.api.validation.fields import Faults
from petset.api.validation.selectors import check_label_selector
from petset.api.validation.webhooks import check_conditions, check_rule

_ACTIONS = ("Audit", "Deny", "Warn")
_REASONS = ("Unauthorized", "Forbidden", "Invalid", "RequestEntityTooLarge")
_MISSING = ("Deny", "Allow")
_TWICE = (
    "must not contain both Deny and Warn (repeating the same validation failure information "
    "in the API response and headers serves no purpose)"
)


Binding = admission.ValidatingAdmissionPolicyBinding | admission.MutatingAdmissionPolicyBinding
Spec = admission.ValidatingAdmissionPolicySpec | admission.MutatingAdmissionPolicySpec
_PATCHES = {"ApplyConfiguration": ("applyConfiguration", "Object"), "JSONPatch": ("jsonPatch", "JSONPatch")}


def check_policy(policy: admission.ValidatingAdmissionPolicy, faults: Faults) -> None:
    """What it is about, and at least one thing to say about that."""
    spec = policy.spec or admission.ValidatingAdmissionPolicySpec()
    _check_what(spec, faults)
    if not spec.validations and not spec.auditAnnotations:
        faults.required("spec.validations", "validations or auditAnnotations must be specified")
    for index, validation in enumerate(spec.validations or ()):
        _check_validation(f"spec.validations[{index}]", validation, faults)
    _check_annotations(spec.auditAnnotations or [], faults)


def check_mutating_policy(policy: admission.MutatingAdmissionPolicy, faults: Faults) -> None:
    """What it is about, and at least one thing to do to that."""
    spec = policy.spec or admission.MutatingAdmissionPolicySpec()
    _check_what(spec, faults)
    if not spec.reinvocationPolicy:
        faults.required("spec.reinvocationPolicy")
    elif spec.reinvocationPolicy not in ("IfNeeded", "Never"):
        faults.not_supported("spec.reinvocationPolicy", spec.reinvocationPolicy, ("IfNeeded", "Never"))
    if not spec.mutations:
        faults.required("spec.mutations", "mutations must contain at least one item")
    for index, mutation in enumerate(spec.mutations or ()):
        _check_mutation(f"spec.mutations[{index}]", mutation, faults)


def _check_what(spec: Spec, faults: Faults) -> None:
    """Which writes a policy is about, and what it needs to know of them."""
    if spec.failurePolicy not in ("Ignore", "Fail"):
        faults.not_supported("spec.failurePolicy", spec.failurePolicy, ("Fail", "Ignore"))
    if spec.paramKind is not None:
        for name in ("apiVersion", "kind"):
            if not getattr(spec.paramKind, name):
                faults.required(f"spec.paramKind.{name}")
    if spec.matchConstraints is None:
        faults.required("spec.matchConstraints")
    else:
        _check_resources("spec.matchConstraints", spec.matchConstraints, faults)
        if not spec.matchConstraints.resourceRules:
            faults.required("spec.matchConstraints.resourceRules")
    check_conditions("spec.matchConditions", spec.matchConditions or [], faults)
    _check_variables(spec.variables or [], faults)


def _check_mutation(path: str, mutation: admission.Mutation, faults: Faults) -> None:
    from petset.api import mutations  # only where there are such policies

    if mutation.patchType not in _PATCHES:
        if mutation.patchType:
            faults.not_supported(f"{path}.patchType", mutation.patchType, _PATCHES)
        else:
            faults.required(f"{path}.patchType")
        return
    for type_, (name, returns) in _PATCHES.items():
        given = getattr(mutation, name)
        if type_ != mutation.patchType:
            if given is not None:
                faults.forbidden(f"{path}.{name}", f"must not be specified when patchType is {mutation.patchType}")
            continue
        text = (given.expression if given is not None else None) or ""
        if given is None:
            faults.required(f"{path}.{name}", f"must be specified when patchType is {type_}")
        elif not text.strip():
            faults.required(f"{path}.{name}.expression")
        elif fault := mutations.fault(text, returns):
            faults.invalid(f"{path}.{name}.expression", text, fault)


def check_policy_binding(binding: admission.ValidatingAdmissionPolicyBinding, faults: Faults) -> None:
    """Which policy, with which parameters, and what an objection comes to."""
    _check_binding(binding, faults)
    actions = binding.spec.validationActions or []
    if not actions:
        faults.required("spec.validationActions", "at least one validation action is required")
    for index, action in enumerate(actions):
        if action not in _ACTIONS:
            faults.not_supported(f"spec.validationActions[{index}]", action, _ACTIONS)
        elif action in actions[:index]:
            faults.duplicate(f"spec.validationActions[{index}]", action)
    if {"Deny", "Warn"} <= set(actions):
        faults.invalid("spec.validationActions", actions, _TWICE)


def check_mutating_policy_binding(binding: admission.MutatingAdmissionPolicyBinding, faults: Faults) -> None:
    """Which policy, with which parameters."""
    _check_binding(binding, faults)


def _check_binding(binding: Binding, faults: Faults) -> None:
    spec = binding.spec
    if spec is None or not spec.policyName:
        faults.required("spec.policyName")
    else:
        faults.each("spec.policyName", spec.policyName, names.dns_subdomain(spec.policyName))
    if spec is not None and spec.paramRef is not None:
        _check_parameters(spec.paramRef, faults)
    if spec is not None and spec.matchResources is not None:
        _check_resources("spec.matchResources", spec.matchResources, faults)


def _check_parameters(reference: admission.ParamRef, faults: Faults) -> None:
    if (not reference.name) == (reference.selector is None):
        which = (
            "one of name or selector must be specified"
            if not reference.name
            else "name and selector are mutually exclusive"
        )
        faults.required("spec.paramRef.name", which)
    check_label_selector("spec.paramRef.selector", reference.selector, faults)
    if reference.parameterNotFoundAction not in _MISSING:
        faults.one_of("spec.paramRef.parameterNotFoundAction", reference.parameterNotFoundAction, _MISSING)


def _check_resources(path: str, resources: admission.MatchResources, faults: Faults) -> None:
    check_label_selector(f"{path}.namespaceSelector", resources.namespaceSelector, faults)
    check_label_selector(f"{path}.objectSelector", resources.objectSelector, faults)
    for name in ("resourceRules", "excludeResourceRules"):
        for index, rule in enumerate(getattr(resources, name) or ()):
            check_rule(f"{path}.{name}[{index}]", rule, faults)


def _check_variables(variables: list[admission.Variable], faults: Faults) -> None:
    seen: set[str] = set()
    for index, variable in enumerate(variables):
        here = f"spec.variables[{index}]"
        if not variable.name.isidentifier():
            faults.invalid(f"{here}.name", variable.name, "name is not a valid CEL identifier")
        if variable.name in seen:
            faults.duplicate(f"{here}.name", variable.name)
        seen.add(variable.name)
        _check_expression(f"{here}.expression", variable.expression, (), faults)


def _check_validation(path: str, validation: admission.Validation, faults: Faults) -> None:
    if not validation.expression.strip():
        faults.required(f"{path}.expression", "expression is not specified")
        return
    _check_expression(f"{path}.expression", validation.expression, ("bool",), faults)
    if validation.messageExpression:
        _check_expression(f"{path}.messageExpression", validation.messageExpression, ("string",), faults)
    if validation.message and "\n" in validation.message:
        faults.invalid(f"{path}.message", validation.message, "message must not contain line breaks")
    if validation.reason is not None and validation.reason not in _REASONS:
        faults.not_supported(f"{path}.reason", validation.reason, _REASONS)


def _check_annotations(annotations: list[admission.AuditAnnotation], faults: Faults) -> None:
    seen: set[str] = set()
    for index, annotation in enumerate(annotations):
        here = f"spec.auditAnnotations[{index}]"
        faults.each(f"{here}.key", annotation.key, names.qualified_name(annotation.key))
        if annotation.key in seen:
            faults.duplicate(f"{here}.key", annotation.key)
        seen.add(annotation.key)
        _check_expression(f"{here}.valueExpression", annotation.valueExpression, ("string", "null_type"), faults)


def _check_expression(path: str, text: str, returns: tuple[str, ...], faults: Faults) -> None:
    fault = expressions.fault(text, *returns)
    if fault:
        faults.invalid(path, text, fault)
