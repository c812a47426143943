"""The OpenAPI document says what the endpoints do."""

import pytest

from tests import makers

TYPES = {"integer": int, "string": str, "boolean": bool, "object": dict, "array": list}


@pytest.fixture
def paths(people, rest):
    return rest("admin").get("/_openapi").json["paths"]


def fits(value, schema, where):
    if value is None:
        assert schema.get("nullable") or schema == {}, where
    elif "type" in schema:
        assert isinstance(value, TYPES[schema["type"]]), (where, value)
        for name, part in schema.get("properties", {}).items():
            if isinstance(value, dict) and name in value:
                fits(value[name], part, f"{where}.{name}")
        for number, one in enumerate(value if isinstance(value, list) else ()):
            fits(one, schema.get("items", {}), f"{where}[{number}]")


def schema_of(paths, path, method, status):
    found = paths[f"/api/v1{path}"][method]["responses"]
    assert status in found, (path, method, sorted(found))
    return found[status]["content"]["application/json"]["schema"]


def test_answers_are_as_the_document_says(paths, people, open_work, rest):
    with open_work() as work:
        makers.make_product(work, sku="A-1", price="2.50", stock_of=100)
        makers.make_invoice(work, work.session.get(makers.Customer, people.one))
    buyer, admin = rest("buyer1"), rest("admin")
    made = buyer.post("/orders/", {"currency": "GBP", "lines": [{"sku": "A-1", "quantity": "2"}], "submit": True})
    fits(made.json, schema_of(paths, "/orders/", "post", "201"), "made")
    pk = made.json["id"]
    fits(admin.get(f"/orders/{pk}").json, schema_of(paths, "/orders/{pk}", "get", "200"), "one")
    step = rest("reviewer").post(f"/orders/{pk}/approve")
    fits(step.json, schema_of(paths, "/orders/{pk}/approve", "post", "200"), "step")
    bulk = rest("reviewer").post("/orders/approve", {"ids": [pk, 999]})
    fits(bulk.json, schema_of(paths, "/orders/approve", "post", "200"), "bulk")
    for noun in ("orders", "customers", "products", "invoices", "documents", "notifications"):
        listed = admin.get(f"/{noun}/").json
        fits(listed, schema_of(paths, f"/{noun}/", "get", "200"), noun)
        told = schema_of(paths, f"/{noun}/", "get", "200")["properties"]["result"]["items"]["properties"]
        assert all(set(row) == set(told) for row in listed["result"]), noun
    assert admin.get("/orders/").json["result"], "there is something to compare"


def test_what_is_sent_and_how_to_repeat_it_is_told(paths):
    create = paths["/api/v1/orders/"]["post"]
    assert {"customer", "currency", "lines", "submit"} <= set(body_of(create))
    assert [one["name"] for one in create["parameters"]] == ["Idempotency-Key"]
    assert set(body_of(paths["/api/v1/orders/{pk}/reject"]["post"])) == {"version", "reason"}
    printed = paths["/api/v1/orders/{pk}/documents/{report}.{kind}"]["get"]["responses"]["200"]
    assert "application/pdf" in printed["content"]


def body_of(operation):
    return operation["requestBody"]["content"]["application/json"]["schema"]["properties"]


def test_files_are_told_as_parts_of_a_form(paths):
    def content(path):
        return paths[f"/api/v1{path}"]["post"]["requestBody"]["content"]

    for path in ("/files/", "/files/{pk}/versions", "/attachments/", "/products/{pk}/pictures",
                 "/wizard_drafts/{pk}/files"):  # fmt: skip
        assert set(content(path)) == {"multipart/form-data"}, path
        sent = content(path)["multipart/form-data"]["schema"]["properties"]
        assert sent["file"] == {"type": "string", "format": "binary"}, path
    for path in ("/messages/", "/order_forms/"):
        assert set(content(path)) == {"application/json", "multipart/form-data"}, path


def test_what_may_be_written_has_the_types_of_its_columns(paths):
    sent = body_of(paths["/api/v1/orders/"]["post"])
    assert (sent["reference"]["type"], sent["requested_on"]["format"]) == ("string", "date")
    assert sent["lines"] == {} and sent["customer"] == {}, "the rule reads these"
    customer = body_of(paths["/api/v1/customers/{pk}"]["put"])
    assert customer["version"]["type"] == "integer" and customer["name"]["type"] == "string"
