"""The patient's device check: kept as codes step by step, and shown to the professional in words; pure."""

from collections.abc import Callable, Iterator, Mapping

from server.core.marking import _

SEPARATOR = " · "

CAMERA = {
    "works": _("Camera works"),
    "without": _("Chose to go without camera"),
    "blocked": _("No camera: refused in the browser"),
    "system": _("No camera: refused by the device's settings"),
    "missing": _("No camera: none found"),
    "busy": _("No camera: in use by another program"),
    "other": _("No camera: it did not start"),
    "unsupported": _("This browser cannot make video calls"),
}
MICROPHONE = {
    "works": _("Microphone works"),
    "quiet": _("Microphone on, but not heard"),
    "blocked": _("No microphone: refused in the browser"),
    "system": _("No microphone: refused by the device's settings"),
    "missing": _("No microphone: none found"),
    "busy": _("No microphone: in use by another program"),
    "other": _("No microphone: it did not start"),
    "unsupported": _("This browser cannot make calls"),
}
SPEAKER = {"heard": _("Heard the test sound"), "not_heard": _("Did not hear the test sound"), "skipped": _("Sound not tested")}
NETWORK = {
    "good": _("Connection good"),
    "fair": _("Connection fair"),
    "weak": _("Connection weak"),
    "narrow": _("Network may block video"),
    "unknown": _("Connection not tested"),
}
STEPS: Mapping[str, Mapping[str, str]] = {"camera": CAMERA, "microphone": MICROPHONE, "speaker": SPEAKER, "network": NETWORK}


def with_result(devices: str | None, step: str, result: str) -> str:
    """Return the check so far (`camera:works speaker:heard`) with this step's result; raises `KeyError` for one that there is not."""
    if result not in STEPS[step]:
        raise KeyError(result)
    told = {**dict(_results(devices)), step: result}
    return " ".join(f"{name}:{told[name]}" for name in STEPS if name in told)


def in_words(devices: str | None, say: Callable[[str], str]) -> str | None:
    """Return the check in the reader's language, or None where nothing was checked."""
    words = [say(STEPS[step][result]) for step, result in _results(devices)]
    return SEPARATOR.join(words) or None


def _results(devices: str | None) -> Iterator[tuple[str, str]]:
    for part in (devices or "").split():
        step, _colon, result = part.partition(":")
        if result in STEPS.get(step, ()):
            yield step, result
