"""What finishes the sums of a kernel, in cycles."""

def test_gains_and_tables_cost_cycles_and_are_not_calibrated():
    import dataclasses

    from aie_explorer.cycles import VALIDITY, cost_layer
    from aie_explorer.devices import find
    from aie_explorer.ir import FixedPoint
    from aie_explorer.space import Work, layer_options

    device = find("vek280")
    plain = Work(8, 64, 64, FixedPoint(8, 4), FixedPoint(8, 4), FixedPoint(8, 4), 24)
    costs = {}
    for name, changes in {"plain": {}, "gain": {"affine": True}, "table": {"table_bytes": 256},
                          "leaky": {"leaky": True}}.items():
        work = dataclasses.replace(plain, **changes)
        table = layer_options(plain, device)
        found = cost_layer(table, work, device).cycles
        costs[name] = found["kernel_cycles"].min()
        assert ({VALIDITY[i] for i in found["validity"]} == {"uncalibrated"}) == (name in ("gain", "table"))
    assert costs["plain"] < costs["leaky"] < costs["gain"] < costs["table"]
