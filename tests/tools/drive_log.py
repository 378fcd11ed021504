"""Feeds a recorder with a drive as the monitor's loop does, slowly enough that the disk keeps up."""

from __future__ import annotations

import time
from collections.abc import Iterable

from wakeful.device.judge import Judge
from wakeful.device.messages import Event, Given
from wakeful.device.record.recorder import MAX_QUEUED, Recorder
from wakeful.device.record.replay import Said, judged


def play_into(recorder: Recorder, judge: Judge, inputs: Iterable[Given]) -> list[Said]:
    """Judge the inputs and tell the recorder all of it, from its start to its close; gives what was said."""
    engine = judge.engine()
    told: list[Said] = []
    begun = False
    for given in inputs:
        if not begun:
            recorder.start(given.t_ns)
            begun = True
        while len(recorder._queue) > MAX_QUEUED // 4:
            time.sleep(0.01)
        recorder.engine_input(given)
        said, state = judged(engine, given)
        for one in said:
            recorder.event(one) if isinstance(one, Event) else recorder.alert(one)
        told += said
        if state is not None:
            recorder.state(state)
    while recorder._queue:
        time.sleep(0.01)
    recorder.close()
    return told
