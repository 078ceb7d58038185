"""The example that people copy first works as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.worlds import World

README = Path(__file__).parents[2] / "clients" / "python" / "README.md"


async def test_the_example_of_the_readme_runs(world: World) -> None:
    found = re.search(r"```python\n(.+?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    code = found[1].replace("http://127.0.0.1:8765", world.url).replace("asyncio.run(main())", "")
    names: dict[str, Any] = {}
    exec(compile(code, str(README), "exec"), names)
    await names["main"]()
