"""The operator's check before patients come: tries every way into a call that this server will offer to browsers."""

import asyncio

from server.oversight.ways import Finding, engine_ways, host_way, relay_ways
from server.settings import Settings


def examine(settings: Settings) -> list[Finding]:
    """Try everything that the settings name. Only what is set up can be `bad`; what is not set up and will be missed is `none`."""
    return [_camera(settings), *asyncio.run(_paths(settings))]


def _camera(settings: Settings) -> Finding:
    if settings.environment == "production" or settings.secure:
        return Finding("ok", "camera", "pages are served so that browsers give camera and microphone")
    return Finding("none", "camera", "pages are served by plain http: browsers give camera and microphone on this machine only")


async def _paths(settings: Settings) -> list[Finding]:
    return [await host_way(settings), *await engine_ways(settings), *await relay_ways(settings)]
