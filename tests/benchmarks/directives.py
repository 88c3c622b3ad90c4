"""Are the directives of `aie_explorer.firmware.directives` what aie4ml 0.2.1 does? It converts a model with them, in an
environment of its own, and what it resolved is compared layer by layer.

    python tests/benchmarks/directives.py --venv FOLDER
"""

import argparse
import json
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1]),
                str(Path(__file__).resolve().parents[2])]

from networks import mlp  # noqa: E402
from versus import child, peer_python  # noqa: E402

import aie_explorer as aie  # noqa: E402
from aie_explorer.firmware.directives import directives  # noqa: E402

THEIRS = """
import json, sys, tempfile
import hls4ml
from qkeras import QActivation, QDense, quantized_bits, quantized_relu
from tensorflow import keras
dims, given = json.loads(sys.argv[1]), json.loads(sys.argv[2])
inputs = tensor = keras.Input((dims[0],))
tensor = QActivation(quantized_bits(8, 0, alpha=1), name="q")(tensor)
for i, n in enumerate(dims[1:]):
    eight = {"kernel_quantizer": quantized_bits(8, 0, alpha=1), "bias_quantizer": quantized_bits(8, 0, alpha=1)}
    tensor = QDense(n, name=f"dense{i}", **eight)(tensor)
    tensor = QActivation(quantized_relu(8, 0), name=f"relu{i}")(tensor)
model = keras.Model(inputs, tensor)
config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="AIE")
for name, keys in given["LayerName"].items():
    config["LayerName"][name].update(keys)
with tempfile.TemporaryDirectory() as folder:
    converted = hls4ml.converters.convert_from_keras_model(model, hls_config=config, output_dir=folder,
                                                           project_name="p", **given["arguments"])
    from aie4ml.ir import get_backend_context
    ir = get_backend_context(converted).ir
    found = {}
    for one in ir.execution:
        parallelism = getattr(one.config, "parallelism", None)
        if parallelism is None:
            continue
        tile = {field: int(getattr(one.config.microtiling, field))
                for field in ("microtile_m", "microtile_k", "microtile_n")}
        found[one.name] = {
            "parallelism": {"cas_num": int(parallelism.cas_num), "cas_length": int(parallelism.cas_length),
                            "contract": str(parallelism.contract)},
            "microtiling": tile,
            "placement": {key: int(ir.physical.placements[one.name][key]) for key in ("col", "row")}}
    print(json.dumps({"layers": found, "batch": int(converted.config.get_config_value("BatchSize"))}))
"""


def main():
    """Print what was asked for and what was done, and fail where they differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venv", type=Path, required=True, help="environment of the peer; made if it is not there")
    python, wrong = peer_python(parser.parse_args().venv), 0
    for dims, most, first in (([64, 64, 32, 10], 24, {}), ([64, 64, 32, 10], 24, {"dense0.split": "rows"}),
                              ([512] * 4, 100, {})):
        explorer = aie.Explorer(mlp(dims), constraints={"cas_length": [1, 2, 4], **first})
        asked = directives(explorer.best("interval", max_tiles=most).pinned({"dense0": (9, 0)}))
        done = child(python, THEIRS, json.dumps(dims), json.dumps(asked), limit_s=900)
        same = "layers" in done and done["batch"] == asked["arguments"]["batch_size"] and all(
            {key: done["layers"][f"{name}_aie"][key] for key in keys} == keys
            for name, keys in asked["LayerName"].items())
        wrong += not same
        print("x".join(map(str, dims)), first or "", "as asked" if same else f"DIFFERS:\n asked {asked}\n done  {done}")
    sys.exit(wrong)


if __name__ == "__main__":
    main()
