"""Sweeps over several models at once, on whatever costs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from aie_explorer.errors import DesignError
from aie_explorer.explorer import SWEEP_LIMIT, Explorer
from aie_explorer.ir import Network
from aie_explorer.search.collect import table_of_sweep
from aie_explorer.search.run import Progress
from aie_explorer.search.sweep import Designs, Sample, plan_sweep


def sweep_models(models: Mapping[str, Network | Explorer], over: Mapping[str, Any] | None = None, *,
                 designs: Designs = "front", sample: Sample | None = None, limit: int | None = SWEEP_LIMIT,
                 seed: int = 0, progress: Progress | None = None, cancel: Callable[[], bool] | None = None,
                 executor: Any = None, resume: pd.DataFrame | None = None) -> pd.DataFrame:
    """The designs of several models in one table, such as one network in several quantizations.

    Args:
        models: by the name they have in the column "model"; an Explorer where device or constraints matter.
        over: as of `Explorer.sweep`; a layer that is named must be in every model.
        designs: the exact "front" of each model, device, batch and so on, or the "product" of the layers' options.
        sample, limit, seed, progress, cancel, executor, resume: as of `Explorer.sweep`.

    Returns:
        One design a row; choices of layers that a model has not are empty.

    Raises:
        DesignError: for something else than models, and as `Explorer.sweep`.
    """
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
