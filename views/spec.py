"""What our endpoints say of themselves in the OpenAPI document."""


REFUSALS = ("400", "401", "403", "404", "422")


def operation(path, method, func):
    """The OpenAPI operation of an endpoint, from its docstring and its place."""
    names = [part.strip("{}") for part in path.replace(".", "/").split("/") if part.startswith("{")]
    found = {
        "summary": (func.__doc__ or "").strip().split("\n")[0],
        "security": [{"jwt": []}, {"api_key": []}],
        "parameters": [
            {"in": "path", "name": name, "required": True,
             "schema": {"type": "integer" if name == "pk" else "string"}} for name in names
        ],
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}},
                      **{code: {"$ref": f"#/components/responses/{code}"} for code in REFUSALS}},
    }  # fmt: skip
    if method == "GET" and func.__name__ == "get_list":
        found["parameters"] += [
            {"in": "query", "name": name, "schema": {"type": "string"}} for name in ("q", "after", "lang")
        ]
    if method in ("POST", "PUT"):
        found["requestBody"] = {"content": {"application/json": {"schema": {"type": "object"}}}}
    return found
