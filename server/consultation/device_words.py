"""The patient's device check in words for the professional, built up step by step; pure."""

from collections.abc import Mapping

SEPARATOR = " · "

CAMERA = {
    "works": "Camera works",
    "without": "Chose to go without camera",
    "blocked": "No camera: refused in the browser",
    "system": "No camera: refused by the device's settings",
    "missing": "No camera: none found",
    "busy": "No camera: in use by another program",
    "other": "No camera: it did not start",
    "unsupported": "This browser cannot make video calls",
}
MICROPHONE = {
    "works": "Microphone works",
    "quiet": "Microphone on, but not heard",
    "blocked": "No microphone: refused in the browser",
    "system": "No microphone: refused by the device's settings",
    "missing": "No microphone: none found",
    "busy": "No microphone: in use by another program",
    "other": "No microphone: it did not start",
    "unsupported": "This browser cannot make calls",
}
SPEAKER = {"heard": "Heard the test sound", "not_heard": "Did not hear the test sound", "skipped": "Sound not tested"}
NETWORK = {
    "good": "Connection good",
    "fair": "Connection fair",
    "weak": "Connection weak",
    "narrow": "Network may block video",
    "unknown": "Connection not tested",
}
STEPS: Mapping[str, Mapping[str, str]] = {"camera": CAMERA, "microphone": MICROPHONE, "speaker": SPEAKER, "network": NETWORK}


def with_result(devices: str | None, step: str, result: str) -> str:
    """Return the words so far with this step's result in its place; raises `KeyError` for a step or result that there is not."""
    told = {name: words for part in (devices or "").split(SEPARATOR) for name, words in _meaning(part)}
    told[step] = STEPS[step][result]
    return SEPARATOR.join(told[name] for name in STEPS if name in told)


def _meaning(words: str) -> list[tuple[str, str]]:
    return [(name, words) for name, results in STEPS.items() if words in results.values()]
