"""Feeds a recorder with a drive as the monitor's loop does, slowly enough that the disk keeps up."""

from __future__ import annotations

import time
from collections.abc import Iterable

from wakeful.device.messages import Event
from wakeful.device.record.recorder import MAX_QUEUED, Recorder
from wakeful.device.record.replay import Said, advance
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.state.inputs import EngineInput


def play_into(recorder: Recorder, config: EngineConfig, inputs: Iterable[EngineInput]) -> list[Said]:
    """Judge the inputs and tell the recorder all of it, from its start to its close; gives what was said."""
    engine = Engine(config)
    told: list[Said] = []
    begun = False
    for given in inputs:
        if not begun:
            recorder.start(given.t_ns)
            begun = True
        while len(recorder._queue) > MAX_QUEUED // 4:
            time.sleep(0.01)
        recorder.engine_input(given)
        said, state = advance(engine, given)
        for one in said:
            recorder.event(one) if isinstance(one, Event) else recorder.alert(one)
        told += said
        if state is not None:
            recorder.state(state)
    while recorder._queue:
        time.sleep(0.01)
    recorder.close()
    return told
