"""How the tests are dealt out to the processes that run them."""

from xdist.scheduler import LoadFileScheduling


class Dealer(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Deals files, and of the browser's files tests: those come last and take long, and the process that is dealt the last file
    would be alone with it for minutes.
    """

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return nodeid if file.startswith("tests/browser/") else file
