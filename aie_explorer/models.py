"""Sweeps over several models at once: those given by name, or those that a function builds from settings."""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from aie_explorer.arguments import number, whole
from aie_explorer.errors import AieExplorerError, DesignError
from aie_explorer.explorer import SWEEP_LIMIT, Explorer
from aie_explorer.frontends import load
from aie_explorer.ir import Network
from aie_explorer.search.collect import table_of_sweep
from aie_explorer.search.pareto import nondominated
from aie_explorer.search.run import Progress
from aie_explorer.search.store import concat
from aie_explorer.search.study import Settings, checked_settings, study_of
from aie_explorer.search.sweep import Designs, Sample, plan_sweep

Build = Callable[..., Any]
"""From settings, by keyword, to a model (Network, Explorer or a QKeras model), or (model, {"accuracy": ...})."""
MOST_MODELS = 10_000
OBJECTIVES: dict[str, Literal["min", "max"]] = {"interval_ns": "min", "tiles": "min"}


def sweep_models(models: Mapping[str, Network | Explorer] | Build, over: Mapping[str, Any] | None = None, *,
                 settings: Mapping[str, Sequence[Any]] | None = None, trials: int | None = None,
                 objectives: Mapping[str, Literal["min", "max"]] | None = None,
                 designs: Designs = "front", sample: Sample | None = None, limit: int | None = SWEEP_LIMIT,
                 seed: int = 0, progress: Progress | None = None, cancel: Callable[[], bool] | None = None,
                 executor: Any = None, resume: pd.DataFrame | None = None) -> pd.DataFrame:
    """The designs of several models in one table, such as one network in several quantizations.

    The models are given by name, or built: `models` is then a function that `settings` are passed to by keyword, and
    that returns a model, or (model, measures of it such as {"accuracy": 0.93}). All combinations of settings are built;
    of more than `trials`, a multi-objective search (Optuna's NSGA-II) chooses which: it sees of each model its measures
    and the best figure of its designs. The designs of each model are the exact front all the same.

    Args:
        models: by the name they have in the column "model" (an Explorer where device or constraints matter), or a
            function.
        over: as of `Explorer.sweep`; a layer that is named must be in every model.
        settings: by name the values that a function is given.
        trials: most models to build; None for all.
        objectives: measures and columns of the table, each "min" or "max"; interval_ns and tiles when None.
        designs: the exact "front" of each model, device, batch and so on, or the "product" of the layers' options.
        sample, limit, seed, executor: as of `Explorer.sweep`; the seed is that of the search too.
        progress, cancel, resume: as of `Explorer.sweep`; where models are built, progress counts these.

    Returns:
        One design a row; choices of layers that a model has not are empty. Where models are built, a column for each
        setting and measure too, "pareto" says which rows no other beats in the objectives, and `attrs["refused"]` which
        models could not be built or mapped, and why.

    Raises:
        DesignError: for something else than models, and as `Explorer.sweep`.
        MissingExtraError: when a search is wanted and Optuna is not installed.
    """
    if callable(models) and not isinstance(models, (Mapping, Network, Explorer)):
        wanted = _Wanted(models, dict(over or {}), checked_settings(settings or {}),
                         trials if trials is None else whole(trials, "trials", least=1),
                         _checked_objectives(OBJECTIVES if objectives is None else objectives),
                         {"designs": designs, "sample": sample, "limit": limit, "seed": seed}, executor)
        return _built(wanted, seed, progress, cancel, resume)
    if settings is not None or trials is not None or objectives is not None:
        raise DesignError("are for models that a function builds", where="settings, trials and objectives",
                          remedy="Pass a function as models, or leave them out")
    if not isinstance(models, Mapping) or not models:
        raise DesignError("are not given by name", where="models",
                          remedy='For example {"8 bits": net8, "6 bits": net6}')
    combinations = []
    for name, model in models.items():
        if not isinstance(name, str) or not name:
            raise DesignError(f"{name!r} is no name of a model", where="models")
        explorer = model if isinstance(model, Explorer) else Explorer(model)
        combinations += explorer.combinations(over, designs=designs, sample=sample, limit=limit, seed=seed, model=name)
    return table_of_sweep(plan_sweep(combinations), executor=executor, progress=progress, cancel=cancel, resume=resume)


@dataclass(frozen=True, eq=False)
class _Wanted:
    """A sweep over models that are built."""

    build: Build
    over: dict[str, Any]
    settings: dict[str, list[Any]]
    trials: int | None
    objectives: dict[str, bool]  # whether more of it is better
    sweep: dict[str, Any]
    executor: Any

    @property
    def count(self) -> int:
        """How many models will be built at most."""
        size = math.prod(len(values) for values in self.settings.values())
        return size if self.trials is None else min(self.trials, size)

    @property
    def digest(self) -> str:
        """A hash of all but what the function does."""
        asked = repr((self.over, self.settings, self.trials, self.objectives, self.sweep))
        return hashlib.sha256(asked.encode()).hexdigest()[:16]


@dataclass
class _Found:
    """What came of the models built so far."""

    frames: list[pd.DataFrame] = field(default_factory=list)
    values: dict[str, list[float] | None] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def _built(wanted: _Wanted, seed: int, progress: Progress | None, cancel: Callable[[], bool] | None,
           resume: pd.DataFrame | None) -> pd.DataFrame:
    if wanted.count > MOST_MODELS:
        raise DesignError(f"make {wanted.count:,} models", where="settings",
                          remedy="Set trials to how many of them may be built")
    study = study_of(wanted.settings, wanted.trials, list(wanted.objectives.values()), seed)
    known, found, complete = _known(resume, wanted), _Found(), False
    try:
        while (chosen := study.ask()) is not None:
            if progress:
                progress(len(found.values), wanted.count)
            label = ", ".join(f"{name}={value}" for name, value in chosen.items())
            _add(found, label, chosen, wanted, known)
            study.tell(found.values[label])
            if cancel is not None and cancel():
                break
        else:
            complete = True
    except KeyboardInterrupt:
        pass
    if progress and complete:
        progress(wanted.count, wanted.count)
    return _table(found, wanted, complete)


def _known(resume: pd.DataFrame | None, wanted: _Wanted) -> _Found:
    """What an interrupted table holds already."""
    if resume is None:
        return _Found()
    if not isinstance(resume, pd.DataFrame) or resume.attrs.get("study") != wanted.digest:
        raise DesignError("is no table of this sweep", where="resume",
                          remedy="Pass what the same call returned when it was interrupted, unchanged")
    rows = resume.drop(columns="pareto")
    frames = [part for _, part in rows.groupby("model", observed=True, sort=False)]
    return _Found(frames, dict(resume.attrs["values"]), dict(resume.attrs["refused"]))


def _add(found: _Found, label: str, chosen: Settings, wanted: _Wanted, known: _Found) -> None:
    """Build a model and find its designs, or take them from what is known."""
    if label in known.values:
        found.frames += [frame for frame in known.frames if str(frame["model"].iloc[0]) == label]
        found.values[label] = known.values[label]
        found.refused |= {name: why for name, why in known.refused.items() if name == label}
        return
    try:
        frame = _designs(label, chosen, wanted)
    except DesignError as error:
        if error.where in ("over", "objectives", "models", *wanted.over):
            raise  # the request is wrong, not the model
        found.values[label], found.refused[label] = None, str(error)
    except Exception as error:  # the user's code: one model that fails must not cost the others
        found.values[label] = None
        found.refused[label] = str(error) if isinstance(error, AieExplorerError) else f"{type(error).__name__}: {error}"
    else:
        found.frames.append(frame)
        found.values[label] = [float(frame[name].max() if most else frame[name].min())
                               for name, most in wanted.objectives.items()]


def _designs(label: str, chosen: Settings, wanted: _Wanted) -> pd.DataFrame:
    made = wanted.build(**chosen)
    model, measures = made if isinstance(made, tuple) and len(made) == 2 else (made, {})
    if not isinstance(measures, Mapping):
        raise DesignError(f"are a {type(measures).__name__}", where="models",
                          remedy='Return (model, {"accuracy": 0.9})')
    if not isinstance(model, Explorer):
        model = Explorer(model if isinstance(model, Network) else load(model))
    combinations = model.combinations(wanted.over, model=label, **wanted.sweep)
    frame = table_of_sweep(plan_sweep(combinations), executor=wanted.executor)
    added = {**chosen, **{name: number(value, str(name)) for name, value in measures.items()}}
    for name, value in reversed(added.items()):
        if name == "pareto" or (name in frame.columns and (frame[name] != value).any()):
            raise DesignError(f"{name!r} is another column of the table", where="models", remedy="Use another name")
        if name not in frame.columns:
            frame.insert(1, name, value)
    for name in wanted.objectives:
        if name not in frame.columns:
            raise DesignError(f"{name!r} is neither a measure nor a column", where="objectives",
                              remedy=f"Measures are: {', '.join(map(str, measures)) or 'none'}")
        if not np.isfinite(frame[name].to_numpy(np.float64)).all():
            raise DesignError("is not finite", where=name)
    return frame


def _table(found: _Found, wanted: _Wanted, complete: bool) -> pd.DataFrame:
    if not found.frames:
        if not found.refused:
            raise DesignError("was interrupted before anything was finished", where="sweep")
        label, why = next(iter(found.refused.items()))
        raise DesignError("none could be built", where="models", remedy=f"The first, {label}: {why}")
    frame = concat(found.frames)
    points = np.stack([frame[name].to_numpy(np.float64) * (-1 if most else 1)
                       for name, most in wanted.objectives.items()], axis=1)
    frame["pareto"] = np.isin(np.arange(len(frame)), nondominated(points, keep_equal=True))
    frame.attrs = {"study": wanted.digest, "complete": complete, "values": found.values, "refused": found.refused,
                   "lost": max(float(part.attrs.get("lost", 0.0)) for part in found.frames)}
    if found.refused:
        label, why = next(iter(found.refused.items()))
        warnings.warn(f"{len(found.refused)} of {len(found.values)} models were refused; {label}: {why}", stacklevel=4)
    if not complete:
        warnings.warn(f"interrupted: {len(found.values)} of {wanted.count} models are finished; pass this table as "
                      "resume to go on", stacklevel=4)
    return frame


def _checked_objectives(objectives: Mapping[str, Any]) -> dict[str, bool]:
    if not isinstance(objectives, Mapping) or not objectives or not set(objectives.values()) <= {"min", "max"}:
        raise DesignError(f"are {objectives!r}", where="objectives",
                          remedy='For example {"accuracy": "max", "interval_ns": "min"}')
    return {str(name): way == "max" for name, way in objectives.items()}
