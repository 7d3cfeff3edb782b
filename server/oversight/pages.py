"""Every page of this folder in one list."""

from starlette.routing import Route

from server.oversight import health_pages, overview_pages, statistics_pages


def routes() -> list[Route]:
    return [*overview_pages.routes(), *statistics_pages.routes(), *health_pages.routes()]
