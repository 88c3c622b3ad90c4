"""Files of test vectors, read or refused in words."""

import io
import zipfile

import numpy as np
import pytest

from aie_explorer.errors import ModelError
from aie_explorer.frontends.vectors import read_arrays


def archive(**members):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return data.getvalue()


def stored(values):
    data = io.BytesIO()
    np.save(data, values)
    return data.getvalue()


def newer(data):
    """The archive with a member that asks for version 6.4 of the format."""
    at = data.rindex(b"PK\x01\x02") + 6
    return data[:at] + b"\x40" + data[at + 1:]


def test_arrays_by_name(tmp_path):
    np.savez(tmp_path / "v.npz", inputs=np.eye(3), other=np.arange(4))
    arrays = read_arrays(str(tmp_path / "v.npz"))
    assert {name: values.tolist() for name, values in arrays.items()} == {"inputs": np.eye(3).tolist(),
                                                                          "other": [0, 1, 2, 3]}
    np.save(tmp_path / "v.npy", np.arange(3))
    assert read_arrays(str(tmp_path / "v.npy"))["inputs"].tolist() == [0, 1, 2]


HEADER = stored(np.zeros((2, 2)))
REFUSED = {
    "newer": newer(archive(**{"inputs.npy": HEADER})),
    "text": archive(inputs="1 2 3"),
    "pickled": archive(**{"inputs.npy": HEADER.replace(b"<f8", b"|O8")}),
    "short": HEADER[:-8],
    "huge": HEADER.replace(b"(2, 2), }" + b" " * 18, b"(99999999, 999999999), }   "),
    "empty": b"",
    "none": b"PK\x05\x06",
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_refused(tmp_path, case):
    path = tmp_path / "v.npz"
    path.write_bytes(REFUSED[case])
    with pytest.raises(ModelError, match=r"v\.npz"):
        read_arrays(str(path))


def test_no_such_file(tmp_path):
    with pytest.raises(ModelError, match=r"none\.npz: holds no test vectors"):
        read_arrays(str(tmp_path / "none.npz"))
