"""What a grid is asked for, from the arguments of a command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from experiments.config.cell import Cell
from experiments.config.compose import Request, compose, compose_ahead, full_override, overrides_of
from experiments.config.errors import UserError, nearest
from experiments.config.number_ranges import check_numbers
from experiments.config.paths import CONFIGS
from experiments.grid.grid import Grid, load_grid

UNTIMED = ("++optimizer.", "++epochs=")  # overrides that do not change how long an epoch takes
AXES = ("setting", "data", "model", "optimizer")


@dataclass(frozen=True)
class GridOptions:
    """What a grid is asked for, from the command line.

    only: narrows the grid, each axis to some of its values; overrides: Hydra's, for every run; worker: whether this
    process is one of several that share the runs.
    """

    grid: Grid
    scale: str
    protocol: str = "paper"
    seeds: tuple[int, ...] | None = None
    jobs: int | None = None
    on_failure: str = "continue"
    retries: int = 0
    skip_archived: bool = False
    max_seconds: float | None = None
    only: tuple[tuple[str, tuple[str, ...]], ...] = ()
    overrides: tuple[str, ...] = ()
    worker: bool = False

    def places(self) -> list[tuple[Cell, int | None]]:
        """The grid's cells that are asked for, as the grid spells them, each with its `stop_after`.

        Raises UserError for a name that the grid does not have."""
        only, placed = dict(self.only), self.grid.placed(self.scale, self.protocol)
        for name, values in only.items():
            known = list(dict.fromkeys(getattr(cell, name) for cell, _ in placed))
            for value in values:
                if value not in known:
                    raise UserError(f"grid {self.grid.name} has no {name} {value!r} at scale {self.scale}"
                                    f"{nearest(value, known)}; there are {', '.join(known)}")  # fmt: skip
        return [place for place in placed if all(getattr(place[0], name) in values for name, values in only.items())]

    def requests(self) -> list[Request]:
        """All runs, the first seed of every cell before the second of any."""
        asked = [
            [
                *overrides_of(cell),
                *([f"stop_after={stop_after}"] if stop_after else []),
                *self.grid.overrides,
                *overrides,
            ]
            for cell, stop_after in self.places()
            for overrides in combinations(self.overrides)
        ]
        if not asked:
            raise UserError(f"grid {self.grid.name} has no such cells at scale {self.scale}")
        seeds = self.seeds if self.seeds is not None else self.grid.seeds[self.scale]
        if any("{seed" in override for override in self.overrides):  # store=runs/${seed}
            return [compose([*overrides, f"seed={seed}"]) for seed in seeds for overrides in asked]
        compose_ahead(asked)
        composed = [compose(overrides) for overrides in asked]
        return [request.with_seed(seed) for seed in seeds for request in composed]


def combinations(overrides: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Every combination of overrides that hold several values, as Hydra reads them: a=1,2 or a=range(1,3)."""
    if not overrides:
        return iter([()])
    from hydra.core.override_parser.overrides_parser import OverridesParser

    parsed = [OverridesParser.create().parse_override(override) for override in overrides]
    choices = [
        [f"{override.get_key_element()}={value}" for value in override.sweep_string_iterator()]
        if override.is_sweep_override()
        else [text]
        for text, override in zip(overrides, parsed)
    ]
    return product(*choices)


def parse_grid_options(arguments: Sequence[str]) -> GridOptions:
    """Read `grid=cifar scale=quick seeds=0,1 optimizer=adam ...`; every argument of another key is a Hydra override.

    Raises UserError for what is no key=value, an unknown grid, and values that cannot be.
    """
    given: dict[str, Any] = {}
    only, overrides = [], []
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals:
            raise UserError(f"every word is key=value, got {argument!r}")
        if key.lstrip("+~") == "seed":
            raise UserError(f"a grid takes seeds={value or '0,1'}, one or several, not seed")
        if key in AXES:
            only.append((key, tuple(split_names(value))))
        elif key in GridOptions.__dataclass_fields__ and key not in ("only", "overrides"):
            given[key] = read_option(key, value)
        else:
            overrides.append(argument)
    grid = load_grid(given.pop("grid", "cifar"))
    scale = given.pop("scale", None) or default_scale(grid.scales)
    return GridOptions(grid=grid, scale=scale, only=tuple(only), overrides=tuple(overrides), **given)


def split_names(value: str) -> list[str]:
    """The names in "adam,adabelief,eps=1e-16": what has an equals sign belongs to the optimizer before it."""
    found: list[str] = []
    for part in value.split(","):
        if "=" in part and found:
            found[-1] += f",{part}"
        else:
            found.append(part)
    return found


def default_scale(scales: Sequence[str]) -> str:
    """Full where there is a GPU, else the smallest; says which."""
    import torch  # seconds, which whoever names a scale does not wait for

    gpu = torch.cuda.is_available()
    scale = "full" if gpu or "quick" not in scales else "quick"
    other = "quick" if scale == "full" else "full"
    if other in scales:
        print(f"{'CUDA found' if gpu else 'no CUDA'}: {scale} scale; SCALE={other} (scale={other}) forces the other")
    return scale


def read_option(key: str, value: str) -> Any:
    """A word's value in its type. Raises UserError where it has another, or a number that cannot be."""
    try:
        if key == "seeds":
            seeds = tuple(int(v) for v in value.split(","))
            check_numbers({"seed": min(seeds)})
            return seeds
        if key in ("jobs", "retries", "max_seconds"):
            number = float(value) if key == "max_seconds" else int(value)
            check_numbers({key: number})
            return number
        if key in ("skip_archived", "worker"):
            return bool(int(value))
    except ValueError:
        raise UserError(f"{key} takes numbers, got {value!r}") from None
    if key == "on_failure" and value not in ("continue", "stop"):
        raise UserError(f"on_failure is continue or stop, got {value!r}")
    return value


def known_optimizer(optimizer: str) -> str:
    """An optimizer's name if the suite has it, or an import path."""
    names = sorted(path.stem for path in (CONFIGS / "optimizer").glob("*.yaml") if path.stem != "external")
    if optimizer not in names and "." not in optimizer:
        raise UserError(
            f"no optimizer called {optimizer!r}{nearest(optimizer, names)}; there are {', '.join(names)}, and any other"
            " by its import path"
        )
    return optimizer


def run_kind(request: Request) -> tuple[str, ...]:
    """What runs whose epochs take equally long have in common: all but the optimizer and how many epochs there are."""
    cell = request.cell
    overrides = [o for o in cell.optimizer.split(",")[1:] if not full_override(o).startswith(UNTIMED)]
    return cell.setting, cell.data, cell.model, cell.scale, *overrides
