import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from placement import oracle

from aie_explorer.errors import PlacementError
from aie_explorer.placement import Array, Block, Edge, Problem, Rules, placement_cost
from aie_explorer.placement.tables import FAR, has_bit, reduced, tables_of, to_bools, to_words

A, B = Block("a", 2, 2), Block("b", 1, 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(blocks=(A, A)), "a: two blocks have this name"),
        (dict(edges=(Edge("a", "c"),)), "c: the edge a -> c names no block"),
        (dict(rules=Rules(pins=(("c", (0, 0)),))), "c: a pin names no block"),
        (dict(inputs=("x",)), "x: an input names no block"),
        (dict(outputs=("x",)), "x: an output names no block"),
    ],
)
def test_names_must_be_those_of_blocks(change, words):
    with pytest.raises(PlacementError, match=words):
        Problem(**{"blocks": (A, B), "edges": (), "array": Array(8, 4), **change})


@given(st.integers(0, 10_000))
@settings(max_examples=150, deadline=None)
def test_tables_agree_with_the_judge_on_any_anchors(seed):
    problem = oracle.random_problem(seed, columns=9, rows=5, blocks=5)
    tables = tables_of(problem)
    numbers = np.random.default_rng(seed)
    anchors = tuple(int(numbers.integers(0, problem.array.columns - b.width + 1)) * problem.array.rows
                    + int(numbers.integers(0, problem.array.rows - b.height + 1)) for b in problem.blocks)
    placement = tables.named(anchors)
    legal = oracle.faults(problem, placement) == []
    assert tables.legal(anchors) == legal
    assert (problem.broken(placement) == []) == legal
    assert tables.anchors_of(placement) == anchors
    if legal:
        expected = pytest.approx(oracle.cost(problem, placement))
        assert tables.cost(anchors) / tables.factor == expected
        assert problem.cost(placement) == expected


@given(st.integers(0, 10_000), st.integers(1, 31))
@settings(max_examples=60, deadline=None)
def test_a_part_of_a_problem_costs_and_forbids_what_the_whole_does(seed, chosen_bits):
    tables = tables_of(oracle.random_problem(seed, columns=7, rows=4, blocks=5))
    chosen = [i for i in range(len(tables.blocks)) if chosen_bits >> i & 1] or [0]
    numbers = np.random.default_rng(seed)
    choices = [np.flatnonzero(allowed) for allowed in tables.allowed]
    if any(len(anchors) == 0 for anchors in choices):
        return
    anchors = tuple(int(numbers.choice(anchors)) for anchors in choices)
    part = reduced(tables, chosen, anchors)
    inside = [anchors[i] for i in chosen]
    others = [i for i in range(len(anchors)) if i not in chosen]
    clash = any(has_bit(tables.conflicts(a, b)[anchors[a]], anchors[b]) for a in others for b in chosen)
    assert any(part.own[k][anchors[i]] >= FAR for k, i in enumerate(chosen)) == clash
    if not clash:
        assert part.cost(inside) == tables.cost(anchors)


def test_bits_are_kept():
    bools = np.random.default_rng(0).random((5, 150)) < 0.5
    words = to_words(bools)
    np.testing.assert_array_equal(to_bools(words, 150), bools)
    assert [has_bit(words[2], i) for i in range(150)] == bools[2].tolist()


def test_an_edge_to_itself_counts_its_width_once_and_moves_nothing():
    problem = Problem((A, B), (Edge("a", "a"), Edge("a", "b")), Array(8, 4))
    tables = tables_of(problem)
    at = {"a": (0, 0), "b": (2, 0)}
    assert tables.cost(tables.anchors_of(at)) / tables.factor == 2.0
    assert placement_cost(at, problem.blocks, problem.edges) == 2.0
