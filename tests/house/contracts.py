"""A kind of import contract that import-linter does not have: a closed list of what a package may import.

`forbidden` names what is bad and lets everything else in; a pure core is better described by what it may use.
"""

from typing import TYPE_CHECKING

from importlinter import Contract, ContractCheck, fields, output

if TYPE_CHECKING:
    from grimp import ImportGraph


class AllowedContract(Contract):
    """Every direct import of the source packages must be of an allowed module, or of something inside one.

    - source_modules: packages, each meant with all that is inside.
    - allowed_modules: what they may import, each meant with all that is inside.
    """

    type_name = "allowed"

    source_modules = fields.ListField(subfield=fields.StringField())
    allowed_modules = fields.ListField(subfield=fields.StringField())

    def check(self, graph: "ImportGraph", verbose: bool) -> ContractCheck:
        sources: list[str] = list(self.source_modules)  # type: ignore[call-overload]
        allowed: list[str] = list(self.allowed_modules)  # type: ignore[call-overload]
        strangers = [
            (importer, imported, detail["line_number"])
            for importer in sorted(graph.modules)
            if within(importer, sources)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if not within(imported, allowed)
            for detail in graph.get_import_details(importer=importer, imported=imported)
        ]
        return ContractCheck(kept=not strangers, metadata={"strangers": strangers})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported, line in check.metadata["strangers"]:
            output.print_error(f"{importer} (line {line}) imports {imported}, which is not on the list.", bold=False)


def within(module: str, packages: list[str]) -> bool:
    """Whether a module is one of the packages or lies inside one."""
    return any(module == package or module.startswith(package + ".") for package in packages)
