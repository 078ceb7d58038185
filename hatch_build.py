"""Puts the built pages into the wheel, so that an installed Beside needs no Node."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebPages(BuildHookInterface[Any]):
    """Runs `do web` before a wheel or a source package is made; it does nothing when the pages are current."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return  # a developer's tree: `./do run` builds the pages when they are wanted
        subprocess.run([sys.executable, str(Path(self.root) / "do"), "web"], check=True, stdout=sys.stderr)
