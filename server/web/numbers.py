"""A small number in a path: `{place:few}`. Of `{place:int}` Python refuses thousands of digits, before any handler could answer."""

from starlette.convertors import Convertor, register_url_convertor

NAME = "few"


class FewDigits(Convertor[int]):
    regex = "[0-9]{1,4}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


def register() -> None:
    """Make it known; call it before any route is made."""
    register_url_convertor(NAME, FewDigits())
