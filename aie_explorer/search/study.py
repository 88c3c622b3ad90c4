"""Which settings of a model to try next: all of them, or those that a multi-objective search proposes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aie_explorer.errors import DesignError, MissingExtraError

Setting = str | int | float | bool
Settings = dict[str, Setting]
ASKED_AGAIN = 50  # proposals in a row that were all tried before: the search has converged


class Study(Protocol):
    """Proposes settings, and is told what came of them."""

    def ask(self) -> Settings | None:
        """The next settings to try, each proposed once; None when there are no more."""

    def tell(self, values: Sequence[float] | None) -> None:
        """What the last proposal is worth, a value an objective; None where it cannot be built."""


def study_of(settings: Mapping[str, Sequence[Setting]], trials: int | None, largest: Sequence[bool],
             seed: int) -> Study:
    """A study of all combinations, where these are no more than `trials`; else a search.

    Args:
        settings: by name the values to choose from.
        trials: how many combinations to try at most; None for all.
        largest: for each objective whether more of it is better.
        seed: of the search.

    Raises:
        MissingExtraError: when a search is wanted and Optuna is not installed.
    """
    size = math.prod(len(values) for values in settings.values())
    return _All(settings) if trials is None or trials >= size else _Searched(settings, trials, largest, seed)


class _All:
    """Every combination, in order."""

    def __init__(self, settings: Mapping[str, Sequence[Setting]]) -> None:
        self._left = (dict(zip(settings, values, strict=True)) for values in itertools.product(*settings.values()))

    def ask(self) -> Settings | None:
        return next(self._left, None)

    def tell(self, values: Sequence[float] | None) -> None:
        pass


class _Searched:
    """What Optuna proposes: its evolutionary search for several objectives, its estimator for one."""

    def __init__(self, settings: Mapping[str, Sequence[Setting]], trials: int, largest: Sequence[bool],
                 seed: int) -> None:
        try:
            import optuna
        except ImportError:
            raise MissingExtraError("optuna", "search", "a search over settings of models") from None
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler: Any = optuna.samplers.TPESampler(seed=seed)
        if len(largest) > 1:
            sampler = optuna.samplers.NSGAIISampler(seed=seed, population_size=max(4, min(50, trials // 4)))
        self._study = optuna.create_study(sampler=sampler,
                                          directions=["maximize" if most else "minimize" for most in largest])
        self._choices: Any = {name: optuna.distributions.CategoricalDistribution(tuple(values))
                         for name, values in settings.items()}
        self._failed = optuna.trial.TrialState.FAIL
        self._left = trials
        self._known: dict[tuple[Setting, ...], Sequence[float] | None] = {}
        self._asked: Any = None

    def ask(self) -> Settings | None:
        if not self._left:
            return None
        for _ in range(ASKED_AGAIN):
            self._asked = self._study.ask(self._choices)
            proposed = dict(self._asked.params)
            key = tuple(proposed.values())
            if key not in self._known:
                self._left -= 1
                return proposed
            self._report(self._known[key])
        return None

    def tell(self, values: Sequence[float] | None) -> None:
        self._known[tuple(self._asked.params.values())] = values
        self._report(values)

    def _report(self, values: Sequence[float] | None) -> None:
        if values is None:
            self._study.tell(self._asked, state=self._failed)
        else:
            self._study.tell(self._asked, list(values))


def checked_settings(settings: Mapping[str, Any]) -> dict[str, list[Setting]]:
    """Settings as lists of plain values, none twice.

    Raises:
        DesignError: for anything else.
    """
    if not isinstance(settings, Mapping) or not settings:
        raise DesignError("say what the models vary in", where="settings", remedy='For example {"bits": [4, 6, 8]}')
    found: dict[str, list[Setting]] = {}
    for name, values in settings.items():
        several = [values] if isinstance(values, (str, int, float)) else values
        if not isinstance(name, str) or not isinstance(several, Sequence) or not several or any(
                not isinstance(value, (str, int, float)) for value in several):
            raise DesignError("is no list of numbers or words", where=f"settings.{name}",
                              remedy="For example [4, 6, 8]")
        found[name] = list(dict.fromkeys(several))
    return found
