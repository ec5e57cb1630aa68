"""The operations that the platform serves, as schemathesis reads them from the OpenAPI documents."""

import copy
import json
import pathlib

import platform_under_test as platform
import schemathesis

REFERENCE = pathlib.Path(__file__).resolve().parent.parent.parent / "conformance" / "reference"
METHODS = {"get", "post", "put", "delete", "patch"}


def reference(name):
    return json.loads((REFERENCE / f"{name}-0.205.json").read_text())


def control():
    """Our own document, which says nothing of queries, with the reference's queries of the same operations."""
    document, known = platform.api("GET", "/openapi.json").json(), reference("api")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            queries = [each for each in known["paths"].get(path.removeprefix("/api"), {}).get(method, {}).get("parameters", []) if each["in"] == "query"]
            operation.setdefault("parameters", []).extend(copy.deepcopy(queries))
    return document


def toolbox():
    """The reference's document of the Toolbox API, without what needs a desktop, all of which has one answer."""
    document = reference("toolbox")
    document["paths"] = {path: item for path, item in document["paths"].items() if not path.startswith("/computeruse")}
    return document


def operations():
    """Every operation by its method and path template, those of the Toolbox API below `/toolbox`."""
    found = {}
    for prefix, document in (("", control()), ("/toolbox", toolbox())):
        schema = schemathesis.openapi.from_dict(document)
        for path, item in document["paths"].items():
            for method in METHODS & item.keys():
                found[method.upper(), prefix + path] = schema[path][method.upper()]
    return found
