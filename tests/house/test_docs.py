"""The documents are true where a machine can tell: links lead somewhere, files and functions that they name exist, and
nothing that they promise to list is left out."""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from rooms.policy import Policy
from rooms.refusals import SENTENCES, Refusal
from server.cli import app
from server.settings import LIMITS
from server.store.tables import metadata
from server.wire import codes

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
WRITTEN = [page for page in PAGES if page.name != "protocol.md"]
PROTOCOL = (DOCS / "protocol.md").read_text()
ENDINGS = ("py", "md", "ts", "tsx", "db", "key", "pem", "journal")
COMMAND = r"(?:^|[`/ ])beside (serve|auditor|timers|backup|restore|demo|doctor|db|user|verify)\b(?: ([a-z][a-z-]+))?"
SOURCES = ("presence", "rooms", "server", "clients", "tests", "docs", ".ci")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def without_code_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def links(text: str) -> Iterator[str]:
    yield from re.findall(r"\]\(([^)\s]+)\)", text)
    yield from re.findall(r"""(?:src|href)="([^"]+)\"""", text)


def anchors(page: Path) -> set[str]:
    """The anchors that a reader's renderer makes of headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_between_documents_leads_somewhere(page: Path) -> None:
    for link in links(without_code_blocks(page.read_text())):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name(page)} links to {link}"
        if anchor:
            assert anchor in anchors(target), f"{name(page)} links to {link}"


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_every_file_that_a_document_names_exists(page: Path) -> None:
    """Whatever stands in backticks and begins with a folder of this tree."""
    for words in re.findall(r"`([^`\n]+)`", without_code_blocks(page.read_text())):
        path = words.split("::")[0].rstrip("/")
        if re.fullmatch(r"[\w./-]+", path) and path.split("/")[0] in SOURCES and "/" in words:
            assert (ROOT / path).exists(), f"{name(page)} names {words}"


def modules_called(stem: str) -> list[Path]:
    found = [*ROOT.glob(f"presence/{stem}.py"), *ROOT.glob(f"rooms/{stem}.py"), *ROOT.glob(f"server/**/{stem}.py")]
    return [path for path in found if "migrations" not in path.parts]


def names_in(path: Path) -> set[str]:
    """Functions, methods and classes of a module."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, kinds)}


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_every_function_that_a_document_names_exists(page: Path) -> None:
    """`module.function` in backticks, where there is a module of that name. `table.column` is another thing."""
    for module, function in re.findall(r"`(\w+)\.(\w+)`", without_code_blocks(page.read_text())):
        modules = modules_called(module)
        is_column = module in metadata.tables and function in metadata.tables[module].columns
        if modules and not is_column and function not in ENDINGS:
            assert any(function in names_in(path) for path in modules), f"{name(page)} names {module}.{function}"


def test_states_name_their_functions() -> None:
    """The check above is worth something only while the page names them in that way."""
    assert len(re.findall(r"`\w+\.\w+`", (DOCS / "states.md").read_text())) > 40


def test_each_arrow_of_a_picture_has_its_row() -> None:
    for part in (DOCS / "states.md").read_text().split("\n## ")[1:]:
        arrows = re.findall(r"-->[^:\n]*: (\w(?:, \w)*)\b", part)
        rows = re.findall(r"^\| (\w(?:, \w)*) \|", part, flags=re.MULTILINE)
        assert letters(arrows) == letters(rows), part.splitlines()[0]


def letters(of: list[str]) -> set[str]:
    return {letter for one in of for letter in one.split(", ")}


def test_the_glossary_has_each_word_once_in_order() -> None:
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| [^|]* \|$", (DOCS / "glossary.md").read_text(), flags=re.MULTILINE)
    words = [row.split(",")[0].split(" (")[0].casefold() for row in rows if row != "word"]
    assert len(words) > 50
    assert words == sorted(set(words), key=lambda word: word.replace("-", "").replace("’", "'"))


def test_the_code_knows_the_words_of_the_glossary() -> None:
    code = "\n".join(
        path.read_text() for folder in ("presence", "rooms", "server") for path in (ROOT / folder).rglob("*.py")
    )
    for row in re.findall(r"^\| [^|]+ \| [^|]+ \| ([^|]*) \|$", (DOCS / "glossary.md").read_text(), flags=re.MULTILINE):
        for word in re.findall(r"`([^`]+)`", row):
            if "/" not in word:
                last = word.split(".")[-1]
                assert re.search(rf"\b{re.escape(last)}\b", code), word


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_is_documented_with_its_sentence(refusal: Refusal) -> None:
    sentence, what_to_do = SENTENCES[refusal]
    assert f"| `{refusal.value}` | {sentence} | {what_to_do} |" in PROTOCOL or (
        refusal.value in PROTOCOL and sentence in PROTOCOL and what_to_do in PROTOCOL
    )


@pytest.mark.parametrize("code", codes.ALL, ids=lambda code: code.name)
def test_every_close_code_is_documented(code: codes.CloseCode) -> None:
    returns = "yes" if code.returns else "no"
    assert f"| {code.code} | {code.name} | {returns} | {code.meaning} |" in PROTOCOL


def test_what_we_hold_has_every_table_and_no_other() -> None:
    text = (DOCS / "what-we-hold.md").read_text()
    tables = re.findall(r"^\| `(\w+)` \|", text.split("## Tables")[1].split("##")[0], flags=re.MULTILINE)
    assert sorted(tables) == sorted(metadata.tables)


def test_every_variable_that_a_document_names_is_a_setting() -> None:
    known = set(re.findall(r'"(BESIDE_\w+)"', (ROOT / "server" / "settings.py").read_text()))
    known |= set(LIMITS)
    known |= {f"BESIDE_POLICY_{field.name.upper()}" for field in fields(Policy)}
    for page in WRITTEN:
        for variable in re.findall(r"\b(BESIDE_[A-Z_]*[A-Z])\b", page.read_text()):
            assert variable in known or any(one.startswith(variable) for one in known), f"{name(page)}: {variable}"


def test_run_it_has_every_setting() -> None:
    code = (ROOT / "server" / "settings.py").read_text()
    known = {*LIMITS, *re.findall(r'"(BESIDE_\w+[A-Z])"', code), *re.findall(r'env\w*\.?\w*[\[(]"([A-Z_]+)"', code)}
    assert {"DATABASE_URL", "REDIS_URL"} <= known
    rows = re.findall(r"^\| (`[^|]+) \|", (DOCS / "howto" / "run-it.md").read_text(), flags=re.MULTILINE)
    assert sorted(known - {one for row in rows for one in re.findall(r"`([A-Z_]+)`", row)}) == []


def test_every_command_that_a_document_names_can_be_typed() -> None:
    words = set(re.findall(r'^    "(\w+)": \w+,$', (ROOT / "do").read_text(), flags=re.MULTILINE))
    tree = {one: {sub for sub in app[one] if not sub.startswith("-")} for one in app if not one.startswith("-")}
    for page in WRITTEN:
        text = page.read_text()
        for word in re.findall(r"\./do ([a-z-]+)", text):
            assert word in words, f"{name(page)}: ./do {word}"
        for command, sub in re.findall(COMMAND, text, re.MULTILINE):
            assert command in tree, f"{name(page)}: beside {command}"
            assert not sub or not tree[command] or sub in tree[command], f"{name(page)}: beside {command} {sub}"


def test_decisions_are_numbered_and_say_why() -> None:
    pages = sorted((DOCS / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text()
        assert text.startswith(f"# {page.name[:4]} "), name(page)
        assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == ["Context", "Decision", "Consequences"], name(page)


def test_the_changelog_has_the_version_that_is_next() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    text = (ROOT / "CHANGELOG.md").read_text()
    assert "## [Unreleased]" in text or f"## [{version}]" in text
    assert version in text


def test_pictures_are_small_and_used() -> None:
    """A clone is not to be paid for by people who never look."""
    used = {(page.parent / link).resolve() for page in PAGES for link in links(page.read_text()) if "://" not in link}
    for picture in (DOCS / "images").iterdir():
        assert picture.stat().st_size < 150_000, picture.name
        assert picture.resolve() in used, f"{picture.name} is shown nowhere"
