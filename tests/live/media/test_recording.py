"""A recorded call: real pictures and sound go in, and what comes out of the sealed files can be played, whole and in step."""

import itertools
import os
import random
import resource
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from statistics import median

import pytest

from server.core.clock import SystemClock
from server.media import recording
from server.media_control import (
    CloseRoom,
    Leave,
    PauseRecording,
    Record,
    Recorded,
    RecordedFile,
    RecordingFailed,
    ResumeRecording,
    StopRecording,
)
from tests.live.media.app_side import App, Member, open_room
from tests.live.media.caller import until
from tests.live.media.performer import PICTURES_S, SOUNDS_S, Performer
from tests.live.media.playback import KEY, Played, play
from tests.live.media.standing import Standing
from tests.servers import Forked, Process, listening_at

pytestmark = [pytest.mark.anyio, pytest.mark.row("V8")]
IN_STEP_S = 0.05
MOST_LOST_S = 2.0
FOLDER = "call-1"


class Stage:
    """Performers in a room whose call is recorded."""

    def __init__(self, standing: Standing, folder: Path) -> None:
        self.standing, self.folder = standing, folder
        self.performers: list[Performer] = []
        self._ticked = 0.0

    async def enter(self, name: str, **how: object) -> Performer:
        member = Member(self.standing.app, name)
        await member.join(publishes=["audio", "camera"], subscribes=False, simulcast=False)
        await member.answer("publish")
        self.performers.append(Performer(member, **how))  # type: ignore[arg-type]
        return self.performers[-1]

    async def go_on(self, met: Callable[[], bool]) -> None:
        """Let everybody play, and the engine do what is due, until the condition is met."""

        def ask() -> bool:
            for performer in self.performers:
                performer.play()
            now = SystemClock().monotonic()
            if self.standing.engine is not None and now - self._ticked > 0.1:
                self._ticked = now
                self.standing.tick(now)
            return met()

        await until(ask, 30)

    async def go_on_for(self, seconds: float) -> None:
        begun = SystemClock().monotonic()
        await self.go_on(lambda: SystemClock().monotonic() - begun >= seconds)

    async def do(self, kind: Callable[..., object], **fields: object) -> str:
        return await self.standing.app.do(kind, room="r", **fields)

    @property
    def recorder(self) -> int:
        """The process of the recorder."""
        return self.standing.engine._rooms["r"].recording._process.pid  # type: ignore[union-attr]

    async def record(self, folder: str = FOLDER) -> None:
        """Begin to record, and go on until the recorder, a process that has to start first, has its folder."""
        assert await self.do(Record, folder=folder, key=KEY.hex()) == "ok"
        await self.go_on((self.folder / folder).is_dir)

    async def stop(self) -> list[RecordedFile]:
        assert await self.do(StopRecording) == "ok"
        return (await self.standing.app.event(Recorded)).tracks

    def played(self, track: RecordedFile) -> Played:
        path = self.folder / FOLDER / track.file
        played = play(path)
        assert played.found.finished
        assert (track.bytes, track.head) == (path.stat().st_size, played.found.head)
        assert abs(track.begun.timestamp() - played.begun) < 0.01
        return played


@pytest.fixture
async def stage(standing: Standing, tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(standing, tmp_path)
    yield stage
    for performer in stage.performers:
        performer.member.vanish()


def shift(played: dict[bytes, float], sent: dict[bytes, float]) -> list[float]:
    """By how much each frame's time in the file is behind the time at which it was sent; every frame must be one that was sent."""
    return [at - sent[payload] for payload, at in played.items()]


async def test_two_persons_are_recorded_whole_and_in_step(stage: Stage) -> None:
    ann, ben = await stage.enter("ann", wrong_s=-1000.0), await stage.enter("ben", wrong_s=77.7)
    await stage.record()
    await stage.go_on_for(4.0)
    files = {track.peer: stage.played(track) for track in await stage.stop()}
    shifts = []
    for performer in (ann, ben):
        played = files[performer.member.name]
        assert played.shown == len(played.pictures) > 3 * PICTURES_S
        assert len(played.sounds) > 3 * SOUNDS_S
        assert played.heard >= len(played.sounds) - 2
        shifts += [shift(played.pictures, performer.pictures), shift(played.sounds, performer.sounds)]
    middles = [median(one) for one in shifts]
    assert max(middles) - min(middles) < IN_STEP_S
    assert all(abs(middle) < IN_STEP_S for middle in middles)


async def test_without_reports_they_are_in_step_by_arrival(stage: Stage) -> None:
    ann = await stage.enter("ann", reports=False)
    await stage.record()
    await stage.go_on_for(2.0)
    (track,) = await stage.stop()
    played = stage.played(track)
    for one in (shift(played.pictures, ann.pictures), shift(played.sounds, ann.sounds)):
        assert abs(median(one)) < IN_STEP_S


async def test_the_folder_is_private_and_holds_nothing_in_the_clear(stage: Stage) -> None:
    ann = await stage.enter("ann")
    await stage.record()
    await stage.go_on_for(1.0)
    await stage.stop()
    folder = stage.folder / FOLDER
    assert folder.stat().st_mode & 0o777 == 0o700
    raw = [(path.stat().st_mode & 0o777, path.read_bytes()) for path in folder.iterdir()]
    assert [mode for mode, _ in raw] == [0o600]
    assert not any(sound[:16] in raw[0][1] for sound in ann.sounds)


async def test_a_pause_is_not_in_any_file(stage: Stage) -> None:
    ann = await stage.enter("ann")
    await stage.record()
    await stage.go_on_for(1.5)
    assert await stage.do(PauseRecording) == "ok"
    paused = SystemClock().now().timestamp()
    await stage.go_on_for(1.0)
    last = max((ann.pictures | ann.sounds).values())
    assert await stage.do(ResumeRecording) == "ok"
    await stage.go_on_for(1.5)
    before, after = sorted(await stage.stop(), key=lambda track: track.begun)
    for track in (before, after):
        played = stage.played(track)
        assert played.shown == len(played.pictures) > 10
        for payload in (*played.pictures, *played.sounds):
            sent = (ann.pictures | ann.sounds)[payload]
            assert sent <= paused or sent > last
    assert before.ended.timestamp() <= paused < after.begun.timestamp()


async def test_who_comes_later_has_a_file_and_who_leaves_has_it_whole(stage: Stage) -> None:
    await stage.enter("ann")
    await stage.record()
    await stage.go_on_for(0.8)
    ben = await stage.enter("ben")
    await stage.go_on_for(1.2)
    stage.performers.remove(ben)
    assert await stage.do(Leave, peer="ben") == "ok"
    await stage.go_on_for(0.8)
    files = {track.peer: stage.played(track) for track in await stage.stop()}
    assert sorted(files) == ["ann", "ben"]
    assert files["ben"].seconds < 1.5 < files["ann"].seconds
    ben.member.vanish()


async def test_a_camera_that_is_switched_on_later_begins_another_file(stage: Stage) -> None:
    ann = await stage.enter("ann", shows=False)
    await stage.record()
    await stage.go_on_for(1.5)
    ann.shows = True
    await stage.go_on_for(1.5)
    first, second = [stage.played(track) for track in sorted(await stage.stop(), key=lambda track: track.begun)]
    assert not first.pictures
    assert second.shown == len(second.pictures) > 10
    assert first.sounds
    assert second.sounds


async def test_loss_and_disorder_leave_gaps_and_no_wrong_picture(stage: Stage) -> None:
    ann = await stage.enter("ann")
    dice, held = random.Random(3), list[bytes]()

    def bend(packet: bytes) -> list[bytes]:
        """Lose one packet in a hundred for ever, and let one in ten be overtaken."""
        if dice.random() < 0.01:
            return []
        if dice.random() < 0.1:
            held.append(packet)
            return []
        overtaken, held[:] = list(held), []
        return [packet, *overtaken]

    await stage.record()
    await stage.go_on_for(1.0)  # a file begins without a picture whose first one is lost, and another follows
    ann.bend = bend
    await stage.go_on_for(6.0)
    (track,) = await stage.stop()
    played = stage.played(track)
    assert played.shown == len(played.pictures) > PICTURES_S
    order = list(ann.pictures)
    places = [order.index(picture) for picture in played.pictures]  # all of them are whole
    assert places == sorted(places)
    gaps = [after for before, after in itertools.pairwise(places) if after != before + 1]
    assert gaps
    assert all(order[place] in ann.keys for place in gaps)
    assert len(played.sounds) > 0.9 * len(ann.sounds) - SOUNDS_S


async def test_a_killed_recorder_loses_two_seconds_at_most(stage: Stage) -> None:
    ann = await stage.enter("ann")
    await stage.record()
    await stage.go_on_for(4.0)
    os.kill(stage.recorder, signal.SIGKILL)
    killed = SystemClock().now().timestamp()
    assert (await stage.standing.app.event(RecordingFailed)).reason == "recorder"
    (path,) = (stage.folder / FOLDER).iterdir()
    played = play(path)
    assert not played.found.finished
    assert max(played.sounds.values()) > killed - MOST_LOST_S
    assert played.seconds > 4.0 - MOST_LOST_S - 0.5
    assert played.shown == len(played.pictures)
    assert set(played.pictures) <= set(ann.pictures)
    await stage.record("after-it")
    await stage.go_on_for(0.5)
    assert len(await stage.stop()) >= 1


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    """An engine in a process of its own."""
    control = tmp_path / "control"
    command = ["media", "--control", str(control), "--recordings", str(tmp_path / "kept")]
    process = Forked(command, tmp_path / "engine.log")
    process.until_up(lambda: listening_at(control))
    yield process
    process.stop()


async def test_a_killed_engine_loses_two_seconds_at_most(process: Process, tmp_path: Path) -> None:
    app = await App.at(tmp_path / "control")
    await open_room(app)
    stage = Stage(Standing(None, None, app), tmp_path / "kept")  # type: ignore[arg-type] - the engine ticks by itself
    await stage.enter("ann")
    await stage.record()
    await stage.go_on_for(4.0)
    process.stop(signal.SIGKILL)
    killed = SystemClock().now().timestamp()
    (path,) = (tmp_path / "kept" / FOLDER).iterdir()
    await until(lambda: max(play(path).sounds.values()) > killed - MOST_LOST_S)
    played = play(path)
    assert not played.found.finished
    assert played.shown == len(played.pictures) > PICTURES_S
    stage.performers[0].member.vanish()
    await App.hang_up_all()


async def test_an_engine_that_is_told_to_end_completes_its_files(process: Process, tmp_path: Path) -> None:
    app = await App.at(tmp_path / "control")
    await open_room(app)
    stage = Stage(Standing(None, None, app), tmp_path / "kept")  # type: ignore[arg-type] - as above
    await stage.enter("ann")
    await stage.record()
    await stage.go_on_for(1.5)
    process.stop(signal.SIGTERM)
    files = [play(path) for path in (tmp_path / "kept" / FOLDER).iterdir()]
    assert files
    assert all(played.found.finished for played in files)
    stage.performers[0].member.vanish()
    await App.hang_up_all()


async def test_a_full_disk_ends_the_recording(stage: Stage) -> None:
    await stage.enter("ann")
    await stage.record()
    await stage.go_on_for(2.0)
    resource.prlimit(stage.recorder, resource.RLIMIT_FSIZE, (20_000, 20_000))
    await stage.go_on_for(1.5)
    assert (await stage.standing.app.event(RecordingFailed)).reason == "full"
    (path,) = (stage.folder / FOLDER).iterdir()
    played = play(path)
    assert not played.found.finished
    assert played.sounds


async def test_a_recorder_that_does_not_read_ends_the_recording(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MOST_WAITING", 100_000)
    await stage.enter("ann")
    await stage.record()
    await stage.go_on_for(0.5)
    stopped = stage.recorder
    os.kill(stopped, signal.SIGSTOP)
    events = stage.standing.app
    await stage.go_on(lambda: stage.standing.engine._rooms["r"]._recording.ended)  # type: ignore[union-attr]
    assert (await events.event(RecordingFailed)).reason == "slow"


async def test_a_second_recording_is_refused_while_one_runs(stage: Stage) -> None:
    for kind in (PauseRecording, ResumeRecording, StopRecording):
        assert await stage.do(kind) == "recording"
    await stage.record()
    assert await stage.do(Record, folder="other", key=KEY.hex()) == "recording"
    assert await stage.stop() == []
    await stage.record("other")
    assert await stage.do(CloseRoom) == "ok"
    assert (await stage.standing.app.event(Recorded)).folder == "other"


async def test_a_folder_that_is_there_is_not_written_to(stage: Stage) -> None:
    (stage.folder / FOLDER).mkdir()
    await stage.record()
    assert (await stage.standing.app.event(RecordingFailed)).reason == "folder"
    assert await stage.do(StopRecording) == "recording"


async def test_the_call_goes_on_when_the_recording_fails(stage: Stage) -> None:
    ann = await stage.enter("ann")
    ben = Member(stage.standing.app, "ben")
    await ben.join(publishes=[])
    await ben.answer("subscribe")
    while len(ben.offers["subscribe"].streams) < 2:
        await ben.answer("subscribe")
    await stage.record()
    await stage.go_on_for(1.0)
    (stage.folder / FOLDER).chmod(0o500)
    (stage.folder / FOLDER).rename(stage.folder / "elsewhere")
    assert await stage.do(PauseRecording) == "ok"
    await stage.go_on_for(0.3)
    assert await stage.do(ResumeRecording) == "ok"
    await stage.go_on_for(1.0)
    assert (await stage.standing.app.event(RecordingFailed)).reason == "disk"
    heard = len(ben.callers["subscribe"].rtp)
    await stage.go_on(lambda: len(ben.callers["subscribe"].rtp) > heard + 20)
    assert ann.sounds
    ben.vanish()
