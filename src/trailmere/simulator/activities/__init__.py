"""The actions of an ordinary day, as data: what is asked, what is answered, how it fails.

Shapes follow the public API references and the CloudTrail user guide; values are made up. Each entry is found by
``service:Action``, with a word added where one action has several faces (``sts:AssumeRole service``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trailmere.simulator.activities import compute, control, storage

if TYPE_CHECKING:
    from trailmere.simulator.templates import Activity

ACTIVITIES: dict[str, Activity] = {**storage.ACTIVITIES, **compute.ACTIVITIES, **control.ACTIVITIES}
