import re

import numpy as np
import pytest
from networks import mlp, residual

import aie_explorer as aie
from aie_explorer.errors import DesignError, ExportError
from aie_explorer.plots import (
    cycles_figure,
    cycles_info,
    floorplan_figure,
    floorplan_info,
    html_report,
    pareto_figure,
    pareto_info,
)
from aie_explorer.plots.pareto import MOST_POINTS
from aie_explorer.plots.style import letter


@pytest.fixture(scope="module")
def ex():
    return aie.Explorer(mlp([64, 64, 32, 10]))


@pytest.fixture(scope="module")
def design(ex):
    return ex.best("interval", max_tiles=20)


def test_the_front_of_the_plot_is_the_front_of_the_table(ex):
    frame = ex.sweep()
    info = pareto_info(frame)
    assert info.total == len(frame)
    x, y = info.front_points.T
    assert np.all(np.diff(x) > 0)
    assert np.all(np.diff(y) < 0)
    assert y.min() == frame["interval_cycles"].min()
    best = frame.sort_values(["interval_cycles", "tiles"]).iloc[0]
    assert f"{best['tiles']} tiles, interval {best['interval_cycles']:.0f}" in info.front_labels[-1]


def test_more_is_better_where_it_is(ex):
    info = pareto_info(ex.pareto(), x="tiles", y="samples_per_s")
    assert np.all(np.diff(info.front_points[:, 1]) > 0)


def test_a_large_table_is_sampled_and_says_so(ex):
    with pytest.warns(UserWarning, match="costed a random sample of 500,000"):
        frame = ex.sweep({"dense0.split": ["features", "rows"], "dense1.split": ["features"]}, limit=500_000)
    info = pareto_info(frame)
    assert len(frame) > MOST_POINTS
    assert len(info.points) == MOST_POINTS
    title = pareto_figure(info).layout.title.text
    assert f"{len(frame):,} designs" in title
    assert "a sample of 20,000" in title
    assert pareto_figure(info).data[0].type == "scattergl"
    # the front is that of the whole table all the same
    assert info.front_points[:, 1].min() == frame["interval_cycles"].min()


def test_unknown_columns_are_refused(ex):
    with pytest.raises(DesignError, match="no figure of the table"):
        pareto_info(ex.pareto(), y="colour")


def test_blocks_cover_the_tiles_of_the_design(design):
    info = floorplan_info(design)
    tiles = {(x, y) for b in info.blocks for x in range(b.column, b.column + b.width)
             for y in range(b.row, b.row + b.height)}
    assert len(tiles) == design.tiles
    assert [b.name for b in info.blocks] == list(design.layers)
    assert {m.column for m in info.memory_tiles} == {b.memory_tile[0] for b in design.plan().buffers}
    figure = floorplan_figure(info)
    texts = [t for trace in figure.data for t in (trace.text or ()) if t != "m"]
    assert len(texts) == design.tiles


def test_cycles(design):
    info, estimate = cycles_info(design), design.estimate()
    assert max(max(part) for part in info.cycles.values()) == estimate.interval_cycles
    assert all(ideal <= kernel for ideal, kernel in zip(info.ideal_cycles, info.cycles["kernel"], strict=True))
    kernel = np.array(info.cycles["kernel"])
    parts = np.array(list(info.spent.values()))
    assert np.allclose(parts.sum(axis=0), kernel)
    assert np.all(parts >= -1e-9)
    assert np.allclose(parts[0], info.ideal_cycles)
    figure = cycles_figure(info)
    assert len(figure.data) == 6
    assert np.allclose(sum(np.array(bar.y) for bar in figure.data if bar.offsetgroup == "kernel"), kernel)


def test_no_figure_can_be_sent_away(ex, design):
    for figure in (pareto_figure(pareto_info(ex.pareto())), cycles_figure(cycles_info(design)),
                   floorplan_figure(floorplan_info(design))):
        assert "sendChartToCloud" in figure.layout.modebar.remove


def test_report_stands_alone(design, tmp_path):
    file = tmp_path / "report.html"
    html = html_report(design, file)
    assert file.read_text(encoding="utf-8") == html
    assert f"{design.estimate().interval_cycles:.0f} cycles" in html
    bare = re.sub(r"(<script[^>]*>).*?</script>", r"\1", html, flags=re.DOTALL)  # plotly.js itself holds addresses
    assert len(bare) < 200_000
    assert re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", bare) == []
    with pytest.raises(ExportError, match="cannot be written"):
        html_report(design, tmp_path / "missing" / "report.html")
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_a_layer_that_only_adds_does_no_useful_work():
    design = aie.Explorer(residual(1, 32)).best("tiles")
    info = cycles_info(design)
    added = info.layers.index("add0")
    assert info.ideal_cycles[added] == info.spent["useful work at peak"][added] == 0
    assert info.spent["padding"][added] > 0
    for parts, kernel in zip(zip(*info.spent.values(), strict=True), info.cycles["kernel"], strict=True):
        assert sum(parts) == pytest.approx(kernel)
        assert min(parts) >= 0
    assert "add0" in html_report(design)


def test_report_escapes_what_the_model_says(tmp_path):
    import dataclasses

    network = mlp([16, 16])
    hostile = dataclasses.replace(network.ops[0], source="<script>alert(1)</script>")
    html = html_report(aie.Explorer(network.replace(ops=(hostile,), rewrites=("<b>x</b>",))).best("tiles"))
    assert "<script>alert(1)" not in html
    assert "<b>x</b>" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_letters():
    assert [letter(i) for i in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
