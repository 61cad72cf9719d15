"""Rows of what configures pods (config maps, secrets, service accounts) and the API itself (definitions)."""

from datetime import datetime

from petset.api.definitions import Definition
from petset.api.models import admissionregistration_v1, apiregistration_v1, core_v1
from petset.api.objects import meta
from petset.apiserver.tables.columns import AGE, NAME, Cell, Column, Printer, age_of, name_of


def config_map(obj: core_v1.ConfigMap, now: datetime) -> list[Cell]:
    """How many keys it holds, texts and bytes together."""
    return [name_of(obj), len(obj.data or {}) + len(obj.binaryData or {}), age_of(obj, now)]


def secret(obj: core_v1.Secret, now: datetime) -> list[Cell]:
    """Its type and how many keys it holds; never a value."""
    return [name_of(obj), obj.type or "", len(obj.data or {}), age_of(obj, now)]


def service_account(obj: core_v1.ServiceAccount, now: datetime) -> list[Cell]:
    """How many secrets it names."""
    return [name_of(obj), len(obj.secrets or ()), age_of(obj, now)]


def definition(obj: Definition, now: datetime) -> list[Cell]:
    """Since when it is there, as a time."""
    created = meta(obj).creationTimestamp
    return [name_of(obj), created.strftime("%Y-%m-%dT%H:%M:%SZ") if created else ""]


def api_service(obj: apiregistration_v1.APIService, now: datetime) -> list[Cell]:
    """Who serves the group and version, and whether requests get there."""
    service = obj.spec.service if obj.spec else None
    where = f"{service.namespace}/{service.name}" if service is not None else "Local"
    conditions = (obj.status.conditions if obj.status else None) or ()
    found = next((each for each in conditions if each.type == "Available"), None)
    available = found.status if found is not None else "Unknown"
    if found is not None and found.status != "True" and found.reason:
        available += f" ({found.reason})"
    return [name_of(obj), where, available, age_of(obj, now)]


def webhooks(
    obj: admissionregistration_v1.MutatingWebhookConfiguration
    | admissionregistration_v1.ValidatingWebhookConfiguration,
    now: datetime,
) -> list[Cell]:
    """How many webhooks it names."""
    return [name_of(obj), len(obj.webhooks or ()), age_of(obj, now)]


def policy(obj: admissionregistration_v1.ValidatingAdmissionPolicy, now: datetime) -> list[Cell]:
    """How many rules it has, and of what kind its parameters are."""
    spec = obj.spec or admissionregistration_v1.ValidatingAdmissionPolicySpec()
    return [name_of(obj), len(spec.validations or ()), _parameters(spec.paramKind), age_of(obj, now)]


def mutating_policy(obj: admissionregistration_v1.MutatingAdmissionPolicy, now: datetime) -> list[Cell]:
    """How many changes it makes, and of what kind its parameters are."""
    spec = obj.spec or admissionregistration_v1.MutatingAdmissionPolicySpec()
    return [name_of(obj), len(spec.mutations or ()), _parameters(spec.paramKind), age_of(obj, now)]


def _parameters(kind: admissionregistration_v1.ParamKind | None) -> str:
    return f"{kind.apiVersion}/{kind.kind}" if kind is not None else "<unset>"


def policy_binding(
    obj: admissionregistration_v1.ValidatingAdmissionPolicyBinding
    | admissionregistration_v1.MutatingAdmissionPolicyBinding,
    now: datetime,
) -> list[Cell]:
    """Which policy it binds, to which parameters."""
    spec = obj.spec or admissionregistration_v1.MutatingAdmissionPolicyBindingSpec()
    reference = spec.paramRef
    parameters = "<unset>"
    if reference is not None:
        parameters = f"{reference.namespace}/{reference.name}" if reference.namespace else f"*/{reference.name}"
    return [name_of(obj), spec.policyName or "", parameters, age_of(obj, now)]


CONFIG_MAPS = Printer((NAME, Column("Data"), AGE), config_map)
DEFINITIONS = Printer((NAME, Column("Created At", "date")), definition)
API_SERVICES = Printer((NAME, Column("Service"), Column("Available"), AGE), api_service)
SECRETS = Printer((NAME, Column("Type"), Column("Data"), AGE), secret)
SERVICE_ACCOUNTS = Printer((NAME, Column("Secrets"), AGE), service_account)
WEBHOOKS = Printer((NAME, Column("Webhooks", "integer"), AGE), webhooks)
POLICIES = Printer((NAME, Column("Validations", "integer"), Column("ParamKind"), AGE), policy)
MUTATING_POLICIES = Printer((NAME, Column("Mutations", "integer"), Column("ParamKind"), AGE), mutating_policy)
POLICY_BINDINGS = Printer((NAME, Column("PolicyName"), Column("ParamRef"), AGE), policy_binding)
