"""docs/rules.md is true: each rule has its row, and each test that a row names carries the number of the rule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "rules.md"
CORE = ("tests/rooms/", "tests/presence/")
MUST_HAVE_A_ROW = [
    *(f"UC{n}" for n in (*range(11), 12, *range(14, 20))),
    "UC13",
    *(f"WA{n}" for n in range(1, 9)),
    *(f"CH{n}" for n in (1, 2, 3)),
    *(f"PR{n}" for n in range(1, 7)),
    *(f"GR{n}" for n in (3, 6, 7)),
    *(f"OC{n}" for n in (1, 2)),
    *(f"CB{n}" for n in range(2, 7)),
]
NONE = "–"


def rows(text: str) -> list[tuple[str, str, str, str]]:
    """`(rule, decided in, tests of the core, what is left to the edges)` of every rule."""
    return re.findall(r"^\| ([A-Z]{2}\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", text, flags=re.MULTILINE)


def files(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def carries(path: str, rule: str) -> bool:
    """Whether a test of this file has the rule's number in its name: `test_uc06_…`, or "uc06 …" in the page's own."""
    family, number = rule[:2].lower(), rule[2:]
    text = (ROOT / path).read_text()
    if path.endswith(".py"):
        return re.search(rf"^(?:async )?def test_{family}0?{number}_", text, flags=re.MULTILINE) is not None
    return re.search(rf'\b(?:test|describe)\("[^"]*\b{family}0?{number}\b', text) is not None


def wrong_with(row: tuple[str, str, str, str]) -> list[str]:
    rule, decided, core, edges = row
    named = [*files(core), *(path for path in files(edges) if "test" in Path(path).name)]
    wrong = [f"{path} is not there" for path in (*files(decided), *named) if not (ROOT / path).exists()]
    if wrong:
        return wrong
    wrong += [f"{path} has no test of {rule}" for path in named if not carries(path, rule)]
    if core == NONE:
        reason = re.sub(r"`[^`]+`", "", edges)
        if len(reason.split()) < 10 or not named:
            wrong.append(f"{rule} has no test in the core, and no reason with a test elsewhere")
    elif not files(core) or not all(path.startswith(CORE) for path in files(core)):
        wrong.append(f"{rule} names no test of the core")
    return wrong


ROWS = rows(PAGE.read_text())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_names_files_that_carry_the_number_of_its_rule(row: tuple[str, str, str, str]) -> None:
    assert wrong_with(row) == []


@pytest.mark.parametrize("rule", MUST_HAVE_A_ROW)
def test_every_rule_has_one_row(rule: str) -> None:
    assert [row[0] for row in ROWS].count(rule) == 1


def test_no_row_is_overlooked() -> None:
    """Every line of a table is read: one with a cell too few would else be checked by nobody."""
    lines = re.findall(r"^\| [A-Z]{2}\d", PAGE.read_text(), flags=re.MULTILINE)
    assert len(lines) == len(ROWS)


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        (("UC6", "`rooms/responder.py`", "`tests/rooms/test_search.py`", "nothing"), "has no test of UC6"),
        (("UC6", "`rooms/gone.py`", "`tests/rooms/test_call_pledges.py`", "nothing"), "is not there"),
        (("UC6", "`rooms/responder.py`", "`tests/rooms/test_gone.py`", "nothing"), "is not there"),
        (("UC6", "`rooms/responder.py`", "`tests/client/test_rings.py`", "nothing"), "no test of the core"),
        (("UC6", "`rooms/responder.py`", NONE, "nothing"), "no reason"),
        (("UC6", "`rooms/responder.py`", NONE, "`tests/client/test_rings.py`"), "no reason"),
        (("UC6", "`rooms/responder.py`", "it is obvious", "nothing"), "no test of the core"),
        (("CB5", "`clients/web/src/device/plan.ts`", NONE, "`clients/web/src/model/log.test.ts`"), "no test of CB5"),
    ],
)
def test_a_row_that_is_not_true_is_found(spoilt: tuple[str, str, str, str], why: str) -> None:
    assert any(why in one for one in wrong_with(spoilt))
