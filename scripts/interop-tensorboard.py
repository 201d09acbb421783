"""Reads folders of event files with TensorBoard's own reader: see interop-tensorboard.ts."""

import json
import sys
from importlib.metadata import version

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def curves(folder):
    events = EventAccumulator(folder, size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    return {tag: [[s.wall_time, s.step, s.value] for s in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


request = json.load(sys.stdin)
answers = [curves(folder) for folder in request["folders"]]
print(json.dumps({"versions": {"tensorboard": version("tensorboard")}, "answers": answers}))
