#!/usr/bin/env python3
"""Hold the #includes below src/ingesta against the DEPS of each ingesta_module() and the layers of ARCHITECTURE.md.

A module's DEPS point to lower layers (within a layer: never in a circle, and stages never at all). A file includes only
headers of its own module and of what its DEPS reach. Above the stages, only `builtin` sees more of a stage than its
interface. Tests (x_test.cc, test_support.h, x_test_fixture.h) may also use TEST_DEPS and `testing`, and nothing but tests
uses `testing` or a test's header. Prints one line a violation, `file:line: what, and what to do`; exit 1 if there is any.

usage: check_layers.py [ROOT]
"""
import dataclasses
import pathlib
import re
import sys

# Bottom up. Modules of one layer may use each other without a circle, except the stages.
LAYERS = (
    ("base",),
    ("testing",),
    ("config", "report", "http", "aws", "lambda", "columnar", "iceberg"),
    ("source", "decode", "transform", "expect", "format", "store", "catalog"),
    ("pipeline",),
    ("observe",),
    ("builtin", "demo", "commands"),
    ("main",),
)
STAGES = LAYERS[3]
# The headers that are a stage's interface, where it is not STAGE/STAGE.h.
INTERFACES = {"decode": ("decoder.h",), "transform": ("row_builder.h", "fingerprint.h")}
RANK = {module: rank for rank, layer in enumerate(LAYERS) for module in layer}

KEYWORDS = ("DEPS", "LIBS", "TEST_DEPS")
MODULE_CALL = re.compile(r"\bingesta_module\s*\(([^)]*)\)")
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]ingesta/([A-Za-z0-9_/]+)/([^/">]+)[">]')
TEST_FILE = re.compile(r"(^|_)test(_|\.)")
SOURCE_SUFFIXES = {".h", ".cc"}


@dataclasses.dataclass(frozen=True)
class Module:
    """What one ingesta_module() call says."""

    name: str
    folder: pathlib.Path
    deps: tuple[str, ...]
    test_deps: tuple[str, ...]


def parse_module(text: str, folder: pathlib.Path) -> Module | None:
    """Read the ingesta_module() call of a CMakeLists.txt; None where there is none."""
    call = MODULE_CALL.search(re.sub(r"#.*", "", text))
    if call is None:
        return None
    words = call.group(1).split()
    lists: dict[str, list[str]] = {keyword: [] for keyword in KEYWORDS}
    current: list[str] = []
    for word in words[1:]:
        current = lists.get(word, current)
        if word not in KEYWORDS:
            current.append(word)
    return Module(words[0], folder, tuple(lists["DEPS"]), tuple(lists["TEST_DEPS"]))


def read_modules(source_root: pathlib.Path) -> dict[str, Module]:
    """Every module below source_root, and `main` for the sources that stand directly in it.

    A module may stand in the folder of another one (catalog/iceberg in catalog); its files are its own alone.
    """
    modules = {}
    for listing in sorted(source_root.glob("*/**/CMakeLists.txt")):
        module = parse_module(listing.read_text(encoding="utf-8"), listing.parent)
        if module is not None:
            modules[module.name] = module
    below = tuple(name for name in modules if name != "testing")
    modules["main"] = Module("main", source_root, below, ())
    return modules


def reach(modules: dict[str, Module], roots: tuple[str, ...]) -> set[str]:
    """The roots and all that their DEPS lead to."""
    seen: set[str] = set()
    pending = list(roots)
    while pending:
        name = pending.pop()
        if name not in seen:
            seen.add(name)
            if name in modules:
                pending.extend(modules[name].deps)
    return seen


def check_deps(module: Module, modules: dict[str, Module]) -> list[str]:
    """Judge the DEPS themselves, before any file is opened."""
    where = f"{module.folder}/CMakeLists.txt"
    if module.name not in RANK:
        return [f"{where}: module '{module.name}' is in no layer: add it to LAYERS in scripts/check_layers.py"]
    problems = []
    if module.name != module.folder.name:
        problems.append(f"{where}: module '{module.name}' stands in a folder of another name")
    for dep in module.deps:
        if dep not in modules:
            problems.append(f"{where}: DEPS names '{dep}', which is no module (known: {', '.join(sorted(modules))})")
        elif dep == "testing":
            problems.append(f"{where}: only tests may use 'testing': move it to TEST_DEPS")
        elif module.name in STAGES and dep in STAGES:
            problems.append(f"{where}: stage '{module.name}' depends on stage '{dep}': what passes between stages is a type in base")
        elif RANK.get(dep, 0) > RANK[module.name]:
            problems.append(f"{where}: '{module.name}' depends on '{dep}', which is a layer above it")
        elif module.name in reach(modules, (dep,)):
            problems.append(f"{where}: '{module.name}' and '{dep}' depend on each other")
    return problems


def module_files(module: Module, modules: dict[str, Module]) -> list[pathlib.Path]:
    walk = module.folder.glob("*") if module.name == "main" else module.folder.rglob("*")
    nested = [other.folder for other in modules.values() if module.folder in other.folder.parents]
    return sorted(path for path in walk if path.suffix in SOURCE_SUFFIXES and path.is_file()
                  and not any(folder in path.parents for folder in nested))


def owner_of(folder: str, modules: dict[str, Module], source_root: pathlib.Path) -> tuple[str, str]:
    """The module that a header's folder (`catalog/iceberg/avro`) belongs to, and the folder's rest below it."""
    parts = folder.split("/")
    for length in range(len(parts), 0, -1):
        for module in modules.values():
            if module.name != "main" and module.folder == source_root.joinpath(*parts[:length]):
                return module.name, "/".join(parts[length:])
    return parts[0], "/".join(parts[1:])


def check_includes(module: Module, modules: dict[str, Module], path: pathlib.Path) -> list[str]:
    """Judge the #includes of one file against what its module may reach."""
    is_test = TEST_FILE.search(path.name) is not None
    roots = module.deps + (module.test_deps + ("testing",) if is_test else ())
    allowed = reach(modules, roots) | {module.name}
    sees_interfaces_only = RANK.get(module.name, 0) > RANK["source"] and module.name != "builtin" and not is_test
    problems = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match is None:
            continue
        other, below = owner_of(match.group(1), modules, modules["main"].folder)
        header = f"{below}/{match.group(2)}" if below else match.group(2)
        if not is_test and TEST_FILE.search(header.rpartition("/")[2]):
            advice = f"{header} is for tests"
        elif other in allowed:
            interfaces = INTERFACES.get(other, (f"{other}.h",))
            if not (sees_interfaces_only and other in STAGES and header not in interfaces):
                continue
            advice = f"above the stages only 'builtin' sees more than {other}/{', '.join(interfaces)}"
        elif other == "testing":
            advice = "only tests may"
        elif other in STAGES and module.name in STAGES:
            advice = "a stage never includes another stage; pass a type of base"
        elif RANK.get(other, 0) > RANK.get(module.name, 0):
            advice = "it is a layer above"
        else:
            advice = f"its DEPS ({', '.join(roots) or 'none'}) do not reach it"
        problems.append(f"{path}:{number}: module '{module.name}' includes '{other}': {advice}")
    return problems


def check_tree(root: pathlib.Path) -> tuple[list[str], int, int]:
    """Return the violations below ROOT/src/ingesta, and how many modules and files were looked at."""
    modules = read_modules(root / "src" / "ingesta")
    problems = []
    files = 0
    for module in modules.values():
        if module.name != "main":
            problems += check_deps(module, modules)
        for path in module_files(module, modules):
            files += 1
            problems += check_includes(module, modules, path)
    return problems, len(modules) - 1, files


def main(argv: list[str]) -> int:
    root = pathlib.Path(argv[1]) if len(argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    problems, modules, files = check_tree(root)
    for problem in problems:
        print(problem)
    print(f"check_layers: {modules} modules, {files} files, {len(problems)} violations")
    if files == 0:
        print(f"check_layers: nothing found below {root}/src/ingesta", file=sys.stderr)
    return 1 if problems or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
