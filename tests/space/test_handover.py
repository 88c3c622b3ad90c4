import dataclasses
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_explorer.devices import devices, find
from aie_explorer.ir import FixedPoint
from aie_explorer.space import Work, layer_options
from aie_explorer.space.handover import (
    CHANNELS,
    edge_groups,
    input_window_rows,
    input_windows,
    output_windows,
    output_windows_of,
    window,
    writer_spans,
)


@given(rows=st.integers(1, 40), columns=st.integers(1, 64), element=st.sampled_from([1, 2, 4]),
       beat=st.sampled_from([4, 8, 16]), M=st.sampled_from([2, 4, 8]), N=st.sampled_from([4, 8]))
def test_a_window_is_whole_beats_and_words_and_holds_the_data(rows, columns, element, beat, M, N):
    most_rows, most_columns = -(-rows // (2 * M)) * 2 * M, -(-columns // (2 * N)) * 2 * N
    w = window(rows, columns, element_bytes=element, beat_bytes=beat, max_rows=most_rows, max_columns=most_columns)
    assert rows <= w.rows <= most_rows
    assert columns <= w.columns <= most_columns
    assert w.rows * w.columns * element % beat == 0
    assert w.columns * element % 4 == 0


@given(k=st.integers(1, 300), length=st.integers(1, 12), K=st.sampled_from([2, 4, 8, 16]), rows=st.integers(1, 40),
       element=st.sampled_from([1, 2]))
def test_input_windows_are_whole_beats(k, length, K, rows, element):
    slice_k = -(-k // (length * K)) * K
    r = input_window_rows(k, slice_k, K, rows, element, 16)
    width = -(-k // K) * K
    assert r >= rows
    for begin in range(0, width, slice_k):
        assert r * min(slice_k, width - begin) * element % 16 == 0


@pytest.mark.parametrize("generation", dict.fromkeys(
    one.generation for one in devices() if one.generation.memory_tile), ids=lambda generation: generation.name)
def test_every_generation_has_the_channels_that_edges_are_divided_by(generation):
    dma = generation.memory_tile.dma
    assert (dma.channels_in, dma.channels_out) == (CHANNELS, CHANNELS)


@given(n=st.sampled_from([16, 32, 48, 64]), num=st.integers(1, 8), rows=st.booleans(),
       k=st.sampled_from([8, 16, 24, 32, 64]), readers=st.integers(1, 3), data=st.data())
def test_groups_partition_the_edge(n, num, rows, k, readers, data):
    width = n if rows else n * num
    length = data.draw(st.integers(1, -(-width // k)))
    groups = edge_groups(writer_spans(((n, num, int(rows), 0),), (width,)), k, length, readers)
    if not groups:
        return
    assert [p for g in groups for p in g.readers] == list(range(length))
    assert all(len(g.writers) <= CHANNELS and len(g.readers) * readers <= CHANNELS for g in groups)
    assert groups[0].columns[0] == 0
    assert groups[-1].columns[1] == width
    assert all(a.columns[1] == b.columns[0] for a, b in itertools.pairwise(groups))
    if rows:
        assert [g.writers for g in groups] == [tuple(range(num))]
    else:
        assert [c for g in groups for c in g.writers] == list(range(num))
        for g in groups:  # a writer's slice lies in its buffer
            assert all(g.columns[0] <= c * n and (c + 1) * n <= g.columns[1] for c in g.writers)
    for g in groups[:-1]:  # a reader's slice lies in its buffer; the last may read zeros beyond it
        assert all(g.columns[0] <= p * k and (p + 1) * k <= g.columns[1] for p in g.readers)


@pytest.mark.parametrize(("edge", "buffers"), [
    ((16, 6, False, 16, 6, 1), 1),      # six and six: one memory tile
    ((16, 8, False, 16, 8, 1), 2),      # eight and eight line up: two
    ((16, 8, False, 128, 1, 1), 0),     # one reader of eight writers: impossible
    ((24, 7, False, 32, 5, 1), 2),      # slices begin together at 96
    ((16, 7, True, 16, 1, 1), 0),       # seven writers of rows
])
def test_known_edges(edge, buffers):
    n, num, rows, k, length, readers = edge
    spans = writer_spans(((n, num, int(rows), 0),), (n * num,))
    assert len(edge_groups(spans, k, length, readers)) == buffers


@given(rows=st.integers(1, 70), k=st.integers(1, 200), n=st.integers(1, 200), bits=st.sampled_from([32, 64, 128]),
       wide=st.booleans())
@settings(max_examples=40, deadline=None)
def test_windows_of_all_options_are_those_of_each(rows, k, n, bits, wide):
    kind = FixedPoint(16, 8) if wide else FixedPoint(8, 4)
    layer = Work(rows, k, n, kind, FixedPoint(8, 4), kind, 24)
    device = dataclasses.replace(find("vek280"), plio_bits=bits)
    table = layer_options(layer, device)
    inward, outward = input_windows(table, layer, device), output_windows(table, layer, device)
    for i in range(0, len(table), 23):
        row = table[i]
        need = input_window_rows(k, int(row["k"]), int(row["K"]), rows, kind.width // 8, bits // 8)
        assert inward["bytes"][i] == need * min(row["k"], -(-k // row["K"]) * row["K"]) * kind.width // 8
        windows = output_windows_of(row, layer, device)
        assert outward["bytes"][i] == max(w.rows * w.columns for w in windows) * kind.width // 8
        assert (inward["ports"][i], outward["ports"][i]) == (row["cas_length"], len(windows))
