import dataclasses

import pytest
from networks import mlp, residual

import aie_explorer as aie
from aie_explorer.plots import html_report, timeline_figure, timeline_info
from aie_explorer.plots.style import COLOURS
from aie_explorer.plots.timeline import HELD_UP, SHADES


@pytest.fixture(scope="module")
def chain():
    staged = {"ports": "memory_tile"}
    return aie.Explorer(mlp([64, 64, 32, 10]), constraints=staged).best("interval", max_tiles=20)


def test_rows_follow_the_data(chain):
    info = timeline_info(chain.timeline())
    (handed,) = {edge.readers[0].layer for edge in chain.plan().direct}
    assert any(edge.kind == "tile_dma" for edge in chain.plan().direct)
    assert info.rows == ("input PLIO x", *(
        f"dense{i} {what}" for i in range(3) for what in ("input DMA", "kernel", "output DMA")
        if (f"dense{i}", what) != (handed, "input DMA")), "output PLIO dense2_y")  # no memory tile sends it
    assert [info.rows[i] for i in info.critical] == [chain.timeline().critical]
    estimate = chain.estimate()
    assert info.summary == (f"simulated: interval {info.interval_cycles:.0f} cycles, latency {info.latency_cycles:.0f} "
                            f"cycles (estimate {estimate.interval_cycles:.0f}, {estimate.latency_cycles:.0f}); "
                            "dense0 kernel is always busy")


def test_a_bar_spans_what_happens_side_by_side(chain):
    timeline = chain.timeline(3)
    info = timeline_info(timeline)
    busy = {(info.rows[bar.row], bar.iteration): bar for bar in info.bars if bar.kind != HELD_UP}
    assert len(busy) == 3 * len(info.rows)
    for i in range(3):
        events = [event for event in timeline.events if event.group == "dense0 kernel" and event.iteration == i]
        bar = busy["dense0 kernel", i]
        assert bar.start_cycles == min(event.start_cycles for event in events)
        assert bar.end_cycles == max(event.end_cycles for event in events)
        assert f"{len(events)} side by side, iteration {i}" in bar.text
    assert info.results_cycles[0] == busy["output PLIO dense2_y", 0].end_cycles


def test_what_is_held_up_says_by_whom():
    design = aie.Explorer(residual(2)).best("interval", max_tiles=40)
    plan = design.plan()  # with fewer copies than the design needs
    vars(design)["_plan"] = dataclasses.replace(plan, buffers=tuple(
        dataclasses.replace(held, copies=2) for held in plan.buffers))
    info = timeline_info(design.timeline())
    assert {info.rows[i] for i in info.critical} >= {"add0 output DMA", "add1 input DMA"}
    held = [bar for bar in info.bars if bar.kind == HELD_UP and info.rows[bar.row] == "add1 input DMA"]
    assert [bar.iteration for bar in held] == [2]
    assert "waits for add1 kernel 0, which drains the input buffer of add1" in held[0].text
    # the ports of an input that two layers read are rows of their own
    assert {"input PLIO x_to_block0_a", "input PLIO x_to_add0"} <= set(info.rows)


def test_the_figure(chain):
    info = timeline_info(chain.timeline())
    figure = timeline_figure(info)
    traces = {trace.name: trace for trace in figure.data}
    assert list(traces) == [HELD_UP, *SHADES]
    kernels = traces["kernel"]
    assert len(kernels.x) == 4 * 3
    assert kernels.marker.color[0] == COLOURS[0]
    assert kernels.marker.color[1] != kernels.marker.color[0]
    assert list(kernels.insidetextfont.color[:2]) == ["#ffffff", "#000000"]  # whichever stands out more
    assert list(figure.layout.yaxis.ticktext)[2] == "<b>dense0 kernel</b>"
    assert figure.layout.title.text == info.summary
    assert len(set(SHADES.values())) == len(SHADES)
    assert set(SHADES.values()) <= set(COLOURS)


def test_twenty_layers_have_lower_rows():
    few, many = (timeline_figure(timeline_info(aie.Explorer(mlp([32] * (n + 1))).best("tiles").timeline(2)))
                 for n in (3, 20))
    assert len(many.layout.yaxis.ticktext) == 20 + 2  # a PLIO each way; all between stays in shared memory
    assert many.layout.height / 24 < few.layout.height / 7


def test_the_report_has_it(chain):
    assert "dense0 kernel is always busy" in html_report(chain)
