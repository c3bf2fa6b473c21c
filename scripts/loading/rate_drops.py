"""When a cell's learning rate falls."""

from __future__ import annotations

from experiments.config.cell import Cell
from scripts.loading.runs import present_request


def rate_drops(cell: Cell) -> list[float]:
    """The shares of a run at which the cell's schedule multiplies the rate; none for schedules without steps."""
    schedule = present_request(cell).config["schedule"]
    return [milestone / schedule["of"] for milestone in schedule.get("milestones", [])]
