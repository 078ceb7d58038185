"""The pages and their assets, as Vite built them into `static/`."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from server.settings import Settings

STATIC = Path(__file__).parent / "static"
HELPLINES = Path(__file__).parent / "helplines.json"
FOR_EVER = "public, max-age=31536000, immutable"
TYPES = {".webmanifest": "application/manifest+json", ".woff2": "font/woff2", ".js": "text/javascript"}


class Pages:
    """Every page is one file; assets have their hash in their name. `no-store` keeps pages out of shared history."""

    def __init__(self, settings: Settings, static: Path = STATIC) -> None:
        self._settings = settings
        self._static = static

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.member),
            web.get("/oncall", self.oncall),
            web.get("/weather", self.weather),
            web.get("/helplines.json", self.helplines),
            web.get("/assets/{name}", self.asset),
            web.get("/{name}", self.top_level),
        ]

    async def member(self, _request: web.Request) -> web.StreamResponse:
        return self._page("index.html")

    async def oncall(self, _request: web.Request) -> web.StreamResponse:
        return self._page("oncall.html")

    async def weather(self, _request: web.Request) -> web.StreamResponse:
        return self._page("weather.html")

    def _page(self, name: str) -> web.StreamResponse:
        path = self._static / name
        if not path.is_file():
            raise web.HTTPServiceUnavailable(text="The pages are not built. Run ./do web and start again.")
        text = path.read_text(encoding="utf-8").replace("%EXIT_TARGET%", _attribute(self._settings.exit_target))
        return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})

    async def helplines(self, _request: web.Request) -> web.StreamResponse:
        headers = {"Cache-Control": "no-cache", "Content-Type": "application/json"}
        return web.Response(body=HELPLINES.read_bytes(), headers=headers)

    async def asset(self, request: web.Request) -> web.StreamResponse:
        return self._file(self._static / "assets", request.match_info["name"], FOR_EVER)

    async def top_level(self, request: web.Request) -> web.StreamResponse:
        return self._file(self._static, request.match_info["name"], "no-cache")

    @staticmethod
    def _file(folder: Path, name: str, cache: str) -> web.StreamResponse:
        path = folder / name
        if path.parent != folder or not path.is_file() or path.suffix == ".html":
            raise web.HTTPNotFound
        headers = {"Cache-Control": cache}
        if path.suffix in TYPES:
            headers["Content-Type"] = TYPES[path.suffix]
        return web.FileResponse(path, headers=headers)


def _attribute(value: str) -> str:
    return value.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
