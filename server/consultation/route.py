"""By which path the media of a call goes, and how it changes over while people talk: the new path carries before the old one ends. Pure."""

from dataclasses import dataclass, replace
from typing import Literal, TypedDict

Path = Literal["p2p", "engine"]

PAIR = 2
FEWEST_FOR_ENGINE = 3
# For everybody to say that the new path carries; then the old one ends all the same. It is longer than the 14 s after which two browsers
# that do not reach each other say so: until then the engine that they come from goes on.
SETTLE_S = 20.0


class RouteShape(TypedDict):
    path: Path
    epoch: int
    settled: bool


@dataclass(frozen=True, slots=True)
class Route:
    """`epoch` counts the changes. Until a change is `settled` both paths run; `flowing` are the peers that have said that the new one
    carries. `stuck` stays, once two browsers could not reach each other: they would not the next time either. `straight` are the two
    whose media goes from one to the other, also while the engine takes over: their connection may need a word until it ends.
    """

    path: Path = "p2p"
    epoch: int = 0
    settled: bool = True
    since: float = 0.0
    stuck: bool = False
    flowing: frozenset[str] = frozenset()
    straight: frozenset[str] = frozenset()

    @property
    def shape(self) -> RouteShape:
        return {"path": self.path, "epoch": self.epoch, "settled": self.settled}


P2P = Route()


def follow(route: Route, peers: frozenset[str], now: float, *, recorded: bool = False) -> Route:
    """Return the route for those who are in the call now, by their peers."""
    path: Path = "engine" if len(peers) >= FEWEST_FOR_ENGINE or (peers and (route.stuck or recorded)) else "p2p"
    if path != route.path:
        route = change(route, path, now)
    if not route.settled and (peers <= route.flowing or now - route.since >= SETTLE_S):
        route = replace(route, settled=True)
    straight = _straight(route, peers)
    return route if straight == route.straight else replace(route, straight=straight)


def change(route: Route, path: Path, now: float) -> Route:
    """Begin anew on `path`, which may be the one that it was: an engine has died, or somebody is quiet now."""
    return Route(path, route.epoch + 1, settled=False, since=now, stuck=route.stuck, straight=route.straight)


def says_flowing(route: Route, peer: str, epoch: int) -> Route:
    """Note that a browser has frames by the new path; what it says of an earlier change counts for nothing."""
    return replace(route, flowing=route.flowing | {peer}) if epoch == route.epoch else route


def _straight(route: Route, peers: frozenset[str]) -> frozenset[str]:
    if route.path == "p2p":
        return peers if len(peers) == PAIR else frozenset()
    return frozenset() if route.settled or not route.straight <= peers else route.straight
