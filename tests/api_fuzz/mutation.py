"""How a valid request is spoiled: hypothesis strategies over the values of an operation's schema, which schemathesis generates."""

import contextlib
import copy
import dataclasses
import json

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

MODES = schemathesis.GenerationMode
DEEP = []
for _ in range(300):
    DEEP = [DEEP]
STRINGS = ["", " ", ".", "..", "/", "-", "--", "-rf", "*", "\0", "\r\n", "a\nb", "a\u0085b", "a\u2028b", "%", "%00", "%zz", "%2e%2e%2f", "../../../../etc/passwd", "/proc/self/mem",
           "/proc/kmsg", "/dev/zero", "/dev/tty", "~", "$(id)", "`", "'", '"', "\\", "[", "{", "}", "[[:", "a" * 300, "b" * 70_000, "é", "\u202e", "\ud800", "\U0010ffff", "\ufeff",
           "null", "true", "undefined", "NaN", "Infinity", "1e999", "0x10", "-0", "-1", "0", "1", "9" * 30, "2147483648", "9223372036854775808", "1970-01-01T00:00:00Z",
           "9999999999-01-01T00:00:00Z", "{}", "[]", '{"a":', "file:///", "http://[::1", "ssh://-oProxyCommand=x/y", "00000000-0000-0000-0000-000000000000"]
NUMBERS = [0, -0.0, 1, -1, 0.5, 127, 128, 255, 256, 32_767, 65_535, 65_536, 2**31 - 1, 2**31, -(2**31) - 1, 2**32, 2**53, 2**63 - 1, 2**63, -(2**63), 2**64, 10**40, 1e308, -1e-320, float("nan"), float("inf")]
OTHERS = [None, True, False, [], {}, [None], [[]], {"": None}, ["a"] * 3000, DEEP, {"a": {"b": {"c": [1]}}}]
INSERTS = st.one_of(st.binary(max_size=20), st.sampled_from([b"[" * 100_000, b'{"a":' * 5_000, b"\xff\xfe", b'"\\ud800"', b"1" * 50_000, b"1e999999999", b"\r\n--fuzz-edge\r\n"]))
TEXTS = st.one_of(st.sampled_from(STRINGS), st.text(max_size=40))
VALUES = st.one_of(TEXTS, st.sampled_from(NUMBERS), st.integers(), st.sampled_from(OTHERS))


def drawn(strategy, count, number):
    """That many values of a strategy, the same ones for the same number."""
    found = []

    @seed(number)
    @settings(max_examples=count, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def collect(value):
        found.append(value)

    # Some schemas forbid nothing that a request can hold.
    with contextlib.suppress(Unsatisfiable):
        collect()
    return found


def mutants(operation, example, count, number):
    """Changed copies of one valid request, the same ones for the same number."""
    cases = drawn(operation.as_strategy(generation_mode=MODES.POSITIVE), count, number)
    if operation.body or operation.query or operation.path_parameters:
        cases += drawn(operation.as_strategy(generation_mode=MODES.NEGATIVE), count // 3 + 1, number)
    return drawn(mutated(example, cases), count, number)


def mutated(example, cases):
    """Strategy: the example with one or two of its values changed, added or dropped; each is a copy, so that the second change reaches nothing that others get."""

    @st.composite
    def mutant(draw):
        request = dataclasses.replace(example, path=dict(example.path), query=dict(example.query), body=copy.deepcopy(example.body))
        for _ in range(draw(st.sampled_from([1, 1, 2]))):
            kinds = ["graft"] * 6 + ["spoil"] * 2 + ["query"] + (["bytes"] if request.body is not None else [])
            KINDS[draw(st.sampled_from(kinds))](draw, request, cases)
        return request

    return mutant()


def graft(draw, request, cases):
    """One value of a generated request, mostly one that its schema allows, instead of the example's."""
    case = draw(st.sampled_from(cases))
    places = [(target, source, key) for target, source in ((request.query, case.query), (request.path, case.path_parameters), (request.body, case.body))
              if isinstance(source, dict) and isinstance(target, dict) for key in source]
    # What names the thing that is asked for is replaced less often: a request for nothing says nothing of the rest.
    optional = [place for place in places if place[0] is not request.path and place[2] not in NAMING]
    chosen = optional if draw(st.integers(0, 3)) else places
    if chosen:
        target, source, key = draw(st.sampled_from(chosen))
        target[key] = copy.deepcopy(source[key])
    else:
        unknown(draw, request, cases)


NAMING = {"path", "uri", "pathToProject", "languageId", "files", "key"}


def spoil(draw, request, cases):
    """A value at any depth is dropped, or becomes one that programs stumble over."""
    places = list(leaves(request.query)) + list(leaves(request.path)) + list(leaves(request.body))
    if not places:
        return
    target, key = draw(st.sampled_from(places))
    if draw(st.integers(0, 4)) == 0 and target is not request.path:
        del target[key]
    elif target is request.path or target is request.query:
        target[key] = draw(TEXTS)
    else:
        target[key] = copy.deepcopy(draw(VALUES))


def leaves(value):
    """Every place in a tree of values, as its container and the key there."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from leaves(value[key])


def unknown(draw, request, cases):
    """A field or a query that no document knows."""
    target = request.body if isinstance(request.body, dict) and draw(st.booleans()) else request.query
    target[draw(TEXTS)] = draw(TEXTS)


def spoiled_bytes(draw, request, cases):
    """The body's bytes, changed in one place."""
    body = request.body if isinstance(request.body, bytes) else json.dumps(request.body).encode()
    at, length = draw(st.integers(0, len(body))), draw(st.integers(0, 20))
    request.body = body[:at] + draw(INSERTS) + body[at + length:]


KINDS = {"graft": graft, "spoil": spoil, "query": unknown, "bytes": spoiled_bytes}
