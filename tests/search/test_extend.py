"""The dynamic programme over segments made up at random, of any faces and savings, against brute force."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_explorer.search.front import front_of_segments
from aie_explorer.search.objectives import PATH
from aie_explorer.search.pareto import nondominated
from aie_explorer.search.segments import Segment


def random_segments(rng, count, options, sides, same):
    """Segments of a few options whose figures are small and often equal."""
    found, before = [], 1
    for i in range(count):
        if same and 1 < i < count - 1:
            found.append(found[1])
            continue
        n, readers = int(rng.integers(options // 2, options + 1)), int(rng.integers(1, 5)) if i else 1
        accepts = rng.random((readers, before)) < (rng.choice([0.5, 0.8]) if i else 2)
        saves = rng.integers(0, 15, (readers, before)) * (rng.random((readers, before)) < 0.4) * accepts * (i > 0)
        found.append(Segment(
            rng.integers(1, 6, n), rng.integers(1, 4, n).astype(float), rng.integers(15, 40, n).astype(float),
            np.zeros((n, 0)), rng.integers(0, readers, n), rng.integers(0, sides, n), accepts, saves.astype(float),
            np.zeros((readers, before, 0)), np.arange(n)[:, None]))
        before = sides
    return found


def figures(segments, picks):
    """(tiles, interval, latency) of a design, or None where its options do not go together."""
    tiles, interval, latency, side = 0, 0.0, 0.0, 0
    for segment, pick in zip(segments, picks, strict=True):
        reader = segment.reader[pick]
        if not segment.accepts[reader, side]:
            return None
        latency += segment.latency[pick] - segment.saves[reader, side]
        tiles, interval, side = tiles + segment.tiles[pick], max(interval, segment.interval[pick]), segment.side[pick]
    return int(tiles), float(interval), float(latency)


@given(seed=st.integers(0, 10**6), count=st.integers(1, 4), options=st.sampled_from([2, 7, 10]),
       sides=st.integers(1, 4), limit=st.integers(2, 20), same=st.booleans())
@settings(max_examples=1000, deadline=None)
def test_equals_brute_force(seed, count, options, sides, limit, same):
    segments = random_segments(np.random.default_rng(seed), count, options, sides, same)
    every = [figures(segments, picks) for picks in itertools.product(*(range(len(one.tiles)) for one in segments))]
    points = np.array([one for one in every if one is not None and one[0] <= limit], float).reshape(-1, 3)
    best = {tuple(one) for one in points[nondominated(points)].tolist()}
    found = [figures(segments, picks) for picks in front_of_segments(segments, PATH, limit)]
    # intervals at which not all segments fit count as the least at which they do, so some may be equal to others
    assert {one for one in found if one is not None} >= best
    assert None not in found
    assert len(found) == len(set(found))
    kept = np.array(found, float).reshape(-1, 3)
    assert {tuple(one) for one in kept[nondominated(kept)].tolist()} == best
