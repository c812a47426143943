"""The house rules, checked on the source: who may import whom, who may commit, who may touch Flask."""

import ast
import pathlib

import pytest

import app

ROOT = pathlib.Path(__file__).parents[1]
FLOORS = {  # a floor imports only floors of a lower number
    "config": 0, "app.extensions": 0, "app.core": 1, "models": 2, "app.rules": 3, "reports": 4, "app.notices": 5,
    "app.access": 6, "app.reading": 6, "app.answers": 6, "app.idempotency": 6, "app.security": 6, "app.roles": 6,
    "app.jobs": 7, "app.jobs.__main__": 10, "views": 8, "app.imports": 8, "demo": 9, "app": 10,
}  # fmt: skip
SOURCES = sorted(
    path for floor in ("app", "models", "reports", "views", "demo") for path in (ROOT / floor).rglob("*.py")
)
KNOW_NO_WEB = ("app.core", "models", "app.rules", "reports")
FORBIDDEN = ("flask.request", "flask_login", ".commit(", "datetime.now", "utcnow", "float(")
LATE = {  # imports inside a function, each with its reason
    "app/cli.py": "a command loads what only it needs: the demo, the importer",
    "app/launch.py": "the supervisor stays light: nothing imports the application before it is needed",
    "app/environment.py": "most installations name no storage, and fsspec takes a tenth of a second",
    "app/install.py": "runs before the environment exists",
    "app/catalogues.py": "most starts compile nothing",
    "app/supervisor.py": "the supervisor stays light",
    "app/web.py": "the supervisor stays light",
    "app/jobs/__main__.py": "the worker decides what it loads",
    "app/notices/sms.py": "a heavy library that most installations never need",
}


def floor_of(name):
    known = [one for one in FLOORS if name == one or name.startswith(f"{one}.")]
    return max(known, key=len, default=None)


def module_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:  # `from app import core` is an import of app.core
                yield f"{node.module}.{alias.name}", node.lineno
        elif isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)


def names(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=names)
def test_imports_point_down(path):
    mine = FLOORS[floor_of(module_of(path))]
    wrong = [
        (line, name)
        for name, line in imports(ast.parse(path.read_text()))
        if floor_of(name) and FLOORS[floor_of(name)] > mine
    ]
    assert not wrong, f"{path.name} imports a floor above its own: {wrong}"


@pytest.mark.parametrize("path", [p for p in SOURCES if floor_of(module_of(p)) in KNOW_NO_WEB], ids=names)
def test_rules_know_no_web_no_clock_no_commit(path):
    tree = ast.parse(path.read_text())
    code = "\n".join(ast.unparse(node) for node in tree.body if not isinstance(node, ast.Expr))
    allowed = {"app/core/work.py": (".commit(", "datetime.now")}.get(names(path), ())
    found = [word for word in FORBIDDEN if word in code and word not in allowed]
    assert not found, f"{path.name} uses {found}"
    web = [name for name, _line in imports(tree) if name in ("flask.request", "flask.session", "flask.g")]
    assert not web, f"{path.name} imports {web}"


def test_rules_know_only_earlier_nouns():
    order = app.CAPABILITIES
    for path in (ROOT / "app" / "rules").glob("*.py"):
        if path.stem not in order:
            continue
        for name, line in imports(ast.parse(path.read_text())):
            noun = name.removeprefix("app.rules.").split(".")[0] if name.startswith("app.rules.") else None
            assert noun not in order or order.index(noun) <= order.index(path.stem), (
                f"{path.name}:{line} imports {name}"
            )


@pytest.mark.parametrize("path", SOURCES, ids=names)
def test_no_import_hides_in_a_function(path):
    hidden = [
        inner.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert not hidden or names(path) in LATE, f"{path}: imports in functions at lines {hidden}"


@pytest.mark.parametrize(
    "path", [p for p in ROOT.rglob("*.py") if ".venv" not in p.parts and "var" not in p.parts], ids=names
)
def test_files_stay_short(path):
    assert len(path.read_text().splitlines()) <= 400, f"{path} has more than 400 lines: split it by verb"
