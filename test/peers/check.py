"""Reads ONNX files with the readers of PyPI: onnx's checker and onnxruntime. Prints, as JSON, how far each is off."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

folder = Path(sys.argv[1])
found = []
for case in json.loads((folder / "cases.json").read_text()):
    file = str(folder / case["file"])
    model = onnx.load(file)
    onnx.checker.check_model(model, full_check=True)
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    (source,), (target,) = session.get_inputs(), session.get_outputs()
    worst = 0.0
    for batch in case["batches"]:
        x = np.fromfile(folder / batch["input"], "<f4").reshape(batch["shape"])
        expected = np.fromfile(folder / batch["output"], "<f4")
        (y,) = session.run([target.name], {source.name: x})
        assert y.size == expected.size, (case["file"], y.shape)
        worst = max(worst, float(np.abs(y.reshape(-1) - expected).max() / np.abs(expected).max()))
    found.append(
        {
            "file": case["file"],
            "opset": model.opset_import[0].version,
            "ir": model.ir_version,
            "free": source.shape[0],
            "metadata": session.get_modelmeta().custom_metadata_map,
            "deviation": worst,
        }
    )
print(json.dumps(found))
