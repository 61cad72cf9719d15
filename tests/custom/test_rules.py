"""CEL rules by themselves: what they see, which functions they have, and what does not compile."""

from typing import Any

import msgspec
import pytest

from petset.api.custom import rules
from petset.api.custom.cel_cost import cost_of
from petset.api.custom.cel_values import escaped
from petset.api.custom.rules import RuleError, check_rules, compiled
from petset.api.custom.structural import Rule, Schema, parse
from petset.api.validation.fields import Faults

SCHEMA = parse({
    "type": "object",
    "properties": {
        "count": {"type": "integer"},
        "ratio": {"type": "number"},
        "name": {"type": "string"},
        "until": {"type": "string", "format": "date-time"},
        "every": {"type": "string", "format": "duration"},
        "max-age": {"type": "integer"},
        "share": {"x-kubernetes-int-or-string": True},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "sizes": {"type": "array", "items": {"type": "integer"}},
        "disks": {"type": "array", "items": {"type": "object", "properties": {"size": {"type": "string"}}}},
    },
})  # fmt: skip
VALUE: dict[str, Any] = {
    "count": 3,
    "ratio": 1,
    "name": "Web-1",
    "until": "2026-01-01T00:00:00Z",
    "every": "1h30m",
    "max-age": 5,
    "share": "50%",
    "labels": {"app.kubernetes.io/name": "db"},
    "sizes": [1, 2, 3],
    "disks": [{"size": "1Gi"}, {"size": "500Mi"}],
}


def complaints(rule: str, value: Any = VALUE, old: Any = None) -> list[str]:
    """What a rule has against a value."""
    faults = Faults()
    check_rules(compiled(msgspec.structs.replace(SCHEMA, rules=(Rule(rule=rule),))), value, old, faults)
    return [cause.message for cause in faults.causes]


@pytest.mark.parametrize(
    "rule",
    [
        "format.dns1123Label().validate(self.name).hasValue() && !format.dns1123Label().validate('web').hasValue()",
        "format.dns1123Label().validate(self.name).value()[0].contains('lower case')",
        "!format.dns1123LabelPrefix().validate('web-').hasValue() && format.uuid().validate(')(').hasValue()",
        "format.named('labelValue').value().validate(self.name + '(').orValue([]).size() == 1",
        "['a', 'b-'].filter(n, format.dns1035Label().validate(n).hasValue()) == ['b-']",
        "'format.uri().validate(x)'.size() == 24 && !format.datetime().validate('2026-01-01T00:00:00Z').hasValue()",
        "double(self.count) > 1 && 2.5 < self.count && 1 <= double(self.count) && self.sizes.all(s, s < 3.5)",
        "double(self.count)\n  >= -1 && size(self.sizes) > 2.5",
        "self.labels.all(name, value, name.contains('/') && value == 'db')",
        "self.sizes.exists(index, size, index == 2 && size == 3)",
        "self.disks.all(i, disk, disk.size != '' && i < 2)",
        "self.sizes.transformList(i, size, i + size) == [1, 3, 5]",
        "semver('1.10.0').isGreaterThan(semver('1.9.3')) && semver('1.0.0-rc.1').isLessThan(semver('1.0.0'))",
        "semver('1.0.0-alpha.9').compareTo(semver('1.0.0-alpha.10')) == -1 && semver('v01.2', true).minor() == 2",
        "isSemver('1.2.3+build') && !isSemver('1.2') && isSemver('v1.2', true)",
        "sets.equivalent([1, 2, 2], [2.0, 1]) && !sets.contains([true], [1]) && sets.intersects([[1]], [[1], [2]])",
        "strings.quote('a\"b') == '\"a\\\\\"b\"'",
        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.find('^(a|aa)+$') == ''",
        "self.ratio + 0.5 == 1.5",
        "self.until < timestamp('2026-06-01T00:00:00Z')",
        "self.every > duration('1h')",
        "self.max__dash__age == 5",
        "type(self.share) == string ? self.share.endsWith('%') : self.share > 1",
        "self.labels['app.kubernetes.io/name'] == 'db'",
        "self.disks.all(d, quantity(d.size).isGreaterThan(quantity('100Mi')))",
        "self.disks.map(d, quantity(d.size).asInteger()).sum() == 1598029824",
        "self.sizes.sum() == 6 && self.sizes.max() == 3 && self.sizes.min() == 1 && self.sizes.isSorted()",
        "self.sizes.indexOf(2) == 1 && self.sizes.lastIndexOf(9) == -1",
        "sets.contains(self.sizes, [1, 3]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])",
        "self.name.lowerAscii() == 'web-1' && self.name.split('-')[1] == '1' && self.name.indexOf('-') == 3",
        "self.name.replace('e', 'E').substring(0, 3) == 'WEb' && ' x '.trim() == 'x'",
        "['a', 'b'].join('+') == 'a+b' && ['a'].join() == 'a'",
        "self.name.find('[0-9]+') == '1' && self.name.findAll('[a-z]').size() == 2 && self.name.matches('^Web')",
        "'%s has %d, %.1f'.format([self.name, self.count, 0.25]) == 'Web-1 has 3, 0.2'",
        "isURL('https://h:8/p?q=1') && url('https://h:8/p?q=1').getPort() == '8' && !isURL('no')",
        "url('https://h/p?q=1').getQuery()['q'] == ['1'] && url('https://h/a b'.replace(' ', '')).getHost() == 'h'",
        "isIP('10.0.0.1') && ip('::1').isLoopback() && ip('10.0.0.1').family() == 4 && !isIP('10.0.0.256')",
        "cidr('10.0.0.0/8').containsIP('10.1.2.3') && cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')",
        "isQuantity('1.5Gi') && !isQuantity('many') && quantity('1') == quantity('1000m')",
        "self.?count.orValue(0) == 3 && !self.?name.orValue('').contains('x')",
        "has(self.count) && self.sizes.exists_one(x, x == 2)",
        "math.greatest(1, 2) == 2 && base64.encode(b'x') == 'eA=='",
        "cel.bind(n, self.count, n * n == 9)",
    ],
)
def test_a_rule_that_holds(rule: str) -> None:
    assert complaints(rule) == []


def test_numbers_of_any_type_are_compared_at_their_own_place() -> None:
    for kind, rule in (("number", "self >= 0 && self < 10"), ("integer", "self > 0.5 && 2.5 > self")):
        schema = Schema(type=kind, rules=(Rule(rule=rule),))
        for value, broken in ((2, 0), (-1, 1)):
            faults = Faults()
            check_rules(compiled(schema), value, None, faults)
            assert len(faults.causes) == broken
    with pytest.raises(RuleError, match=r"applied to '\(int, string\)'"):
        compiled(Schema(type="integer", rules=(Rule(rule="self < 'a'"),)))


def test_a_rule_tells_what_goes_wrong_while_it_is_tried() -> None:
    assert complaints("self.sizes[7] == 1") == [
        'Invalid value: "object": index out of bounds: 7 evaluating rule: self.sizes[7] == 1'
    ]
    [told] = complaints("self.share > 1")
    assert "'no such overload': call arguments did not match" in told
    [told] = complaints("quantity(self.name).isInteger()")
    assert "quantities must match the regular expression" in told


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("self.nothing == 1", "ERROR: <input>:1:5: undefined field 'nothing'\n | self.nothing == 1\n | ....^"),
        ("self.disks.all(d, d.speed == '1')", "undefined field 'speed'"),
        ("self.disks[0].speed == '1'", "undefined field 'speed'"),
        ("has(self.nothing)", "undefined field 'nothing'"),
        ("self.?nothing.hasValue()", "undefined field 'nothing'"),
        ("[1].exists(x, self.nothing == x)", "undefined field 'nothing'"),
        ("{'a': self.nothing}.size() == 1", "undefined field 'nothing'"),
        ("self.count", "cel expression must evaluate to a bool"),
        ("'text'", "cel expression must evaluate to a bool"),
        ("size(self) ==", "Syntax error"),
    ],
)
def test_a_rule_that_does_not_compile(rule: str, message: str) -> None:
    with pytest.raises(RuleError) as refused:
        complaints(rule)
    assert message in str(refused.value)


def test_a_message_that_is_worked_out_must_be_text() -> None:
    with pytest.raises(RuleError, match="messageExpression must evaluate to a string"):
        compiled(msgspec.structs.replace(SCHEMA, rules=(Rule(rule="true", message_expression="1"),)))


def test_a_rule_about_changes_sees_both_values() -> None:
    assert complaints("self.count >= oldSelf.count", old=None) == []
    assert complaints("self.count >= oldSelf.count", old={**VALUE, "count": 2}) == []
    assert complaints("self.count >= oldSelf.count", old={**VALUE, "count": 9}) != []
    assert complaints("self.name != 'oldSelf'", old={**VALUE, "count": 9}) == []


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("max-age", "max__dash__age"),
        ("a.b/c", "a__dot__b__slash__c"),
        ("a__b", "a__underscores__b"),
        ("in", "__in__"),
        ("2fast", None),
        ("a b", None),
    ],
)
def test_a_field_has_a_name_that_can_be_written(name: str, written: str | None) -> None:
    assert escaped(name) == written


@pytest.mark.parametrize(
    "rule",
    [
        "[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5,6,7,8,9,10].all(c, "
        "[1,2,3,4,5,6,7,8,9,10].all(d, [1,2,3,4,5,6,7,8,9,10].all(e, a + b + c + d + e > 0)))))",
        "[self.name].map(a, a.replace('', '1234567890123456789')).map(a, a.replace('', a))"
        ".map(a, a.replace('', a)).map(a, a.replace('', a))[0] != ''",
        "[self.name].map(a, [a, a, a, a, a, a, a, a, a, a].join(a)).map(a, [a, a, a, a, a, a, a, a].join(a))"
        ".map(a, [a, a, a, a, a, a, a, a, a].join(a)).map(a, [a, a, a, a, a, a, a, a, a].join(a))"
        ".map(a, [a, a, a, a, a, a, a, a, a].join(a)).map(a, [a, a, a, a, a, a, a, a, a].join(a)) == []",
    ],
)
def test_a_rule_that_would_go_on_for_too_long_ends_all_trials(rule: str) -> None:
    """No rule holds up the server; the write is refused, as by Kubernetes' budget."""
    complaint = complaints(rule)
    assert len(complaint) == 1
    assert "no further validation rules will be run due to call cost exceeds limit for rule" in complaint[0]


def test_only_so_many_rules_are_tried_on_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_TRIALS", 3)
    items = Schema(type="integer", rules=(Rule(rule="self > 0"),))
    schema = Schema(type="array", items=items)
    faults = Faults()
    check_rules(compiled(schema), [1, 2, 0, 4], None, faults)
    assert [cause.field for cause in faults.causes] == ["[2]", "[3]"]
    assert faults.causes[1].message.endswith("running out of cost budget, no further validation rules will be run")


def test_elements_that_nobody_can_tell_apart_are_let_be_while_their_whole_list_is() -> None:
    """Only then is it sure that nobody has touched them."""
    items = Schema(type="object", properties={"n": Schema(type="integer", rules=(Rule(rule="self > 0"),))})
    schema = Schema(type="object", properties={"list": Schema(type="array", items=items)})
    stored = {"list": [{"n": 0}, {"n": 1}]}
    for new, places in ((stored, []), ({"list": [{"n": 0}, {"n": 2}]}, ["list[0].n"])):
        faults = Faults()
        check_rules(compiled(schema), new, stored, faults)
        assert [cause.field for cause in faults.causes] == places


def _cost(schema: dict[str, Any], rule: str) -> int:
    parsed = parse(schema)
    return cost_of(rules.compiled_rule(parsed, Rule(rule=rule)).holds.serialize(), parsed, rules.VARIABLES)


def _list(items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


_TEXT, _NUMBER = {"type": "string"}, {"type": "integer"}
_SHORT = {"type": "string", "maxLength": 5}
_CONDITION = {"type": "object", "properties": {"type": _TEXT, "status": _TEXT}}
_THIRD = (3 * 1024 * 1024 - 2) // 3
"""So many objects or texts of two bytes each fit into a request, with what stands between them."""


@pytest.mark.parametrize(
    ("schema", "rule", "cost"),
    [
        (_NUMBER, "self > 5", 1),
        (_TEXT, "self == 'four'", 2),
        (_SHORT, "self.contains('x')", 3),
        ({"type": "string", "enum": ["a", "lengthy"]}, "self.startsWith('l')", 2),
        (_list(_NUMBER, maxItems=7), "self.all(x, true)", 23),
        (_list(_NUMBER), "self.all(x, true)", 3 * ((3 * 1024 * 1024 - 2) // 2) + 2),
        (_list(_CONDITION), "self.exists(x, x.type == 'a')", 7 * _THIRD + 2),
        (_list(_CONDITION), "self.exists(x, x.type == 'a' && x.status == 'b')", 10 * _THIRD + 2),
        (_list(_SHORT, maxItems=3), "self.all(x, self.exists_one(y, x == y))", 74),
        (_list(_SHORT, maxItems=4), "self.isSorted()", 13),
        (_list(_SHORT, maxItems=4), "self.join('-') == 'a'", 11),
        (_list(_SHORT, maxItems=4), "self.map(x, x + '!').all(y, y == 'a')", 97),
        ({"type": "object", "additionalProperties": _SHORT, "maxProperties": 2}, "self.all(k, self[k] == 'a')", 16),
        ({"type": "object", "properties": {"a": _NUMBER, "b": _NUMBER}}, "has(self.a) != has(self.b)", 1),
        ({"type": "object", "properties": {"a": _NUMBER}}, "has(self.a) ? self.a > 1 : false", 2),
        ({"type": "object", "properties": {"a": _SHORT}}, "self.a.matches('^[a-z]+$')", 8),
        ({"type": "object", "properties": {"a": _SHORT}}, "self.a in ['x', 'y']", 14),
        (_SHORT, "self != oldSelf", 4),
    ],
)  # fmt: skip
def test_what_a_rule_costs_follows_from_its_steps_and_the_sizes_of_its_schema(
    schema: dict[str, Any], rule: str, cost: int
) -> None:
    assert _cost(schema, rule) == cost
