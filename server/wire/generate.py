"""Writes what others read of the protocol: the page's TypeScript types and docs/protocol.md.

`python -m server.wire.generate` writes both files; with `--check` it writes nothing and exits 1 when either differs
from what the files of this folder and rooms/refusals.py say. Both files are pure functions of those.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import get_args

import msgspec
from msgspec import NODEFAULT
from msgspec import inspect as shape

from rooms.refusals import SENTENCES
from server.wire import base, codes, frames, http, witness

ROOT = Path(__file__).resolve().parents[2]
TYPESCRIPT = ROOT / "clients" / "web" / "src" / "wire" / "frames.ts"
MARKDOWN = ROOT / "docs" / "protocol.md"

RULE = re.compile(r"\b(?:GR|CH|PR|UC|WA|OC|CB)\d{1,2}\b")
FIELD_NOTES: dict[str, dict[str, str]] = {}


def field_notes(module: ModuleType) -> dict[str, dict[str, str]]:
    """The string literal below a field, by class and field: Python drops it, the source has it."""
    notes: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if not isinstance(node, ast.ClassDef):
            continue
        mine = notes.setdefault(node.name, {})
        for before, after in zip(node.body, node.body[1:], strict=False):
            if (
                isinstance(before, ast.AnnAssign)
                and isinstance(before.target, ast.Name)
                and isinstance(after, ast.Expr)
                and isinstance(after.value, ast.Constant)
                and isinstance(after.value.value, str)
            ):
                mine[before.target.id] = " ".join(after.value.value.split())
    return notes


def structs(module: ModuleType) -> list[type[msgspec.Struct]]:
    """The module's own Structs in the order of its source, without the two bases."""
    return [
        thing
        for thing in vars(module).values()
        if isinstance(thing, type)
        and issubclass(thing, msgspec.Struct)
        and thing.__module__ == module.__name__
        and thing not in (base.Frame, base.Part)
    ]


FRAME_MODULES = (base, frames, witness)


def all_structs() -> list[type[msgspec.Struct]]:
    """Everything that is in a frame, in the order of the three files."""
    return [struct for module in FRAME_MODULES for struct in structs(module)]


def struct_type(struct: type[msgspec.Struct]) -> shape.StructType:
    info = shape.type_info(struct)
    assert isinstance(info, shape.StructType)  # noqa: S101 - a Struct is a StructType; this is for the type checker
    return info


def docstring(struct: type[msgspec.Struct]) -> str:
    return inspect.cleandoc(struct.__doc__) if struct.__doc__ else ""


# ---------------------------------------------------------------- TypeScript


def ts(kind: shape.Type) -> str:
    """One type in TypeScript."""
    match kind:
        case shape.StrType():
            return "string"
        case shape.IntType():
            return "number"
        case shape.BoolType():
            return "boolean"
        case shape.NoneType():
            return "null"
        case shape.LiteralType(values=values):
            return " | ".join(f'"{value}"' for value in values)
        case shape.StructType(cls=cls):
            return ts_name(cls)
        case shape.UnionType(types=types):
            return " | ".join(ts(one) for one in types)
        case shape.ListType(item_type=item):
            inner = ts(item)
            return f"({inner})[]" if "|" in inner else f"{inner}[]"
        case _:
            raise TypeError(f"no TypeScript for {kind!r}")


def ts_name(struct: type[msgspec.Struct]) -> str:
    """A part and a request body that share a name with a browser's own type get a longer one."""
    return {"RefusedFrame": "Refused", "PushSubscription": "PushSubscriptionBody"}.get(struct.__name__, struct.__name__)


def ts_comment(text: str, indent: str = "") -> Iterator[str]:
    lines = text.splitlines()
    if len(lines) == 1:
        yield f"{indent}/** {lines[0]} */"
    elif lines:
        yield f"{indent}/**"
        yield from (f"{indent} * {line}".rstrip() for line in lines)
        yield f"{indent} */"


def ts_interface(struct: type[msgspec.Struct], *, sent: bool) -> Iterator[str]:
    """One interface. `sent` says that the page sends it: fields with a default may then be left out."""
    info = struct_type(struct)
    notes = FIELD_NOTES.get(struct.__name__, {})
    yield from ts_comment(docstring(struct))
    yield f"export interface {ts_name(struct)} {{"
    if info.tag is not None:
        yield f'  t: "{info.tag}";'
    for field in info.fields:
        yield from ts_comment(notes.get(field.name, ""), "  ")
        optional = "?" if sent and not field.required else ""
        yield f"  {field.name}{optional}: {ts(field.type)};"
    yield "}"
    yield ""


def ts_union(name: str, members: tuple[type[msgspec.Struct], ...]) -> Iterator[str]:
    yield f"export type {name} ="
    names = [ts_name(member) for member in members]
    yield "\n".join(f"  | {one}" for one in names) + ";"
    yield ""


def typescript() -> str:
    commands, events = get_args(frames.Command), get_args(frames.Event)
    out = [
        "// Written by `python -m server.wire.generate` from server/wire/*.py and rooms/refusals.py.",
        "// Do not edit: change those and run it again.",
        "",
        f"export const PROTOCOL_VERSION = {frames.PROTOCOL_VERSION};",
        f"export const MAX_FRAME_BYTES = {frames.MAX_FRAME_BYTES};",
        "",
    ]
    for struct in all_structs():
        out += ts_interface(struct, sent=struct in commands and struct not in events)
    out += ts_union("Command", commands)
    out += ts_union("Event", events)
    out += ["// ---------------------------------------------------------------- bodies of HTTP requests (JSON)", ""]
    for struct in structs(http):
        out += ts_interface(struct, sent=True)
    # One constant for each code, not a table by name: what a page does not use costs it nothing (60 KB at first load).
    for one in codes.ALL:
        out += [f"/** {one.meaning} */", f"export const CLOSE_{one.name.upper()} = {one.code};"]
    away = ", ".join(str(one.code) for one in codes.ALL if not one.returns)
    out += ["/** After these a page does not come back by itself. */"]
    out += [f"export const CLOSED_FOR_GOOD: readonly number[] = [{away}];", ""]
    out += [
        "/** What the server says when it says no: [what happened, what to do next]. */",
        "export const REFUSALS = {",
    ]
    out += [f'  {code.value}: ["{said}", "{do}"],' for code, (said, do) in SENTENCES.items()]
    out += ["} as const;", "", "export type RefusalCode = keyof typeof REFUSALS;", ""]
    return "\n".join(out)


# ---------------------------------------------------------------- Markdown


def bounds(kind: shape.Type) -> str:
    """A type and its limits in words."""
    match kind:
        case shape.StrType(min_length=low, max_length=high, pattern=pattern):
            limits = [f"{low or 0}–{high}" if high is not None else ""]
            if pattern and "x00" not in pattern:
                limits.append(f"`{pattern}`")
            return " ".join(["string", *filter(None, limits)])
        case shape.IntType(ge=low, le=high):
            return f"integer {low}–{high if high is None or high < 10_000 else f'2^{high.bit_length()}-1'}"
        case shape.LiteralType(values=values):
            return " · ".join(f"`{value}`" for value in values)
        case shape.UnionType(types=types):
            return " or ".join(bounds(one) for one in types)
        case shape.ListType(item_type=item, max_length=high):
            return f"list{'' if high is None else f' of at most {high}'}: {bounds(item)}"
        case shape.StructType(cls=cls):
            return f"[{cls.__name__}](#{cls.__name__.lower()})"
        case shape.NoneType():
            return "nil"
        case shape.BoolType():
            return "boolean"
        case _:
            raise TypeError(f"no words for {kind!r}")


def md_fields(struct: type[msgspec.Struct]) -> Iterator[str]:
    info = struct_type(struct)
    if not info.fields:
        yield "No fields."
        yield ""
        return
    notes = FIELD_NOTES.get(struct.__name__, {})
    yield "| field | type | default | |"
    yield "|---|---|---|---|"
    for field in info.fields:
        if field.default is not NODEFAULT:
            default = f"`{msgspec.json.encode(field.default).decode()}`"
        else:
            default = "`[]`" if field.default_factory is not NODEFAULT else ""
        row = f"| `{field.name}` | {bounds(field.type)} | {default} | {notes.get(field.name, '')} |"
        yield re.sub(r" {2,}", " ", row)
    yield ""


def md_struct(struct: type[msgspec.Struct], direction: str = "") -> Iterator[str]:
    info = struct_type(struct)
    yield f"### {struct.__name__ if info.tag is None else info.tag}"
    yield ""
    text = docstring(struct)
    rules = sorted(set(RULE.findall(text + " ".join(FIELD_NOTES.get(struct.__name__, {}).values()))))
    facts = [direction] if direction else []
    if rules:
        facts.append("rules " + ", ".join(rules))
    if facts:
        yield f"*{'; '.join(facts)}*"
        yield ""
    if text:
        yield text
        yield ""
    yield from md_fields(struct)


def markdown() -> str:
    commands, events = get_args(frames.Command), get_args(frames.Event)
    both = [struct for struct in commands if struct in events]
    out = [
        "<!-- Written by `python -m server.wire.generate`; do not edit. -->",
        "# The protocol",
        "",
        inspect.cleandoc(frames.__doc__ or ""),
        "",
        f"Version {frames.PROTOCOL_VERSION}. A frame has at most {frames.MAX_FRAME_BYTES} bytes.",
        "",
        "## Commands: client → server",
        "",
    ]
    for struct in commands:
        out += md_struct(struct, "both ways" if struct in both else "client → server")
    out += ["## Events: server → client", ""]
    for struct in events:
        if struct not in both:
            out += md_struct(struct, "server → client")
    out += ["## Parts", ""]
    for struct in all_structs():
        if struct not in commands and struct not in events:
            out += md_struct(struct)
    out += ["## HTTP", "", inspect.cleandoc(http.__doc__ or ""), ""]
    for struct in structs(http):
        out += md_struct(struct)
    out += ["## Refusals", "", "| code | what happened | what to do |", "|---|---|---|"]
    out += [f"| `{code.value}` | {said} | {do} |" for code, (said, do) in SENTENCES.items()]
    out += ["", "## Close codes", "", "| code | name | the client comes back | |", "|---|---|---|---|"]
    out += [f"| {one.code} | {one.name} | {'yes' if one.returns else 'no'} | {one.meaning} |" for one in codes.ALL]
    return "\n".join(out).rstrip() + "\n"


def main(arguments: list[str]) -> int:
    for module in (*FRAME_MODULES, http):
        FIELD_NOTES.update(field_notes(module))
    stale = []
    for path, text in ((TYPESCRIPT, typescript()), (MARKDOWN, markdown())):
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path.relative_to(ROOT))
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for path in stale:
        sys.stderr.write(f"{path}: {'differs from the protocol' if '--check' in arguments else 'written'}\n")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
