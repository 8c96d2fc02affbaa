"""What the network that tells voices apart is given, and what it computes, beside naive loops over the same weights."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from podwatch.speech.speakers.campplus import SIZE, Campplus
from podwatch.speech.speakers.checkpoint import read_checkpoint
from podwatch.speech.speakers.mel_energies import log_mel

Array = NDArray[np.float32]
DICE = np.random.default_rng(7)


def weights() -> dict[str, Array]:
    """Of every layer, at random."""
    made: dict[str, Array] = {}

    def array(name: str, *shape: int) -> None:
        made[name] = (DICE.standard_normal(shape) / np.sqrt(np.prod(shape[1:]) or 1)).astype(np.float32)

    def norm(name: str, size: int, affine: bool = True) -> None:
        for part in ("running_mean", *(("weight", "bias") if affine else ())):
            array(f"{name}.{part}", size)
        made[f"{name}.running_var"] = DICE.uniform(0.5, 2, size).astype(np.float32)

    array("head.conv1.weight", 32, 1, 3, 3)
    norm("head.bn1", 32)
    for layer in ("head.layer1", "head.layer2"):
        for i in (0, 1):
            for j in (1, 2):
                array(f"{layer}.{i}.conv{j}.weight", 32, 32, 3, 3)
                norm(f"{layer}.{i}.bn{j}", 32)
        array(f"{layer}.0.shortcut.0.weight", 32, 32, 1, 1)
        norm(f"{layer}.0.shortcut.1", 32)
    array("head.conv2.weight", 32, 32, 3, 3)
    norm("head.bn2", 32)
    array("xvector.tdnn.linear.weight", 128, 320, 5)
    norm("xvector.tdnn.nonlinear.batchnorm", 128)
    channels = 128
    for number, layers in enumerate((12, 24, 16), 1):
        for i in range(1, layers + 1):
            name = f"xvector.block{number}.tdnnd{i}"
            norm(f"{name}.nonlinear1.batchnorm", channels)
            array(f"{name}.linear1.weight", 128, channels, 1)
            norm(f"{name}.nonlinear2.batchnorm", 128)
            array(f"{name}.cam_layer.linear_local.weight", 32, 128, 3)
            for n, to, of in (("linear1", 64, 128), ("linear2", 32, 64)):
                array(f"{name}.cam_layer.{n}.weight", to, of, 1)
                array(f"{name}.cam_layer.{n}.bias", to)
            channels += 32
        norm(f"xvector.transit{number}.nonlinear.batchnorm", channels)
        channels //= 2
        array(f"xvector.transit{number}.linear.weight", channels, channels * 2, 1)
    norm("xvector.out_nonlinear.batchnorm", channels)
    array("xvector.dense.linear.weight", SIZE, channels * 2, 1)
    norm("xvector.dense.nonlinear.batchnorm", SIZE, affine=False)
    return made


@pytest.fixture(scope="module")
def network() -> Campplus:
    return Campplus(weights())


def test_a_frame_has_25_ms_and_one_begins_every_10() -> None:
    assert [len(log_mel(np.zeros(n, np.float32))) for n in (0, 399, 400, 559, 560, 16_000)] == [0, 0, 1, 1, 2, 98]


def test_a_tone_is_loudest_in_the_band_that_holds_it() -> None:
    times = np.arange(16_000) / 16_000
    loudest = [int(log_mel(np.sin(2 * np.pi * hz * times).astype(np.float32))[50].argmax()) for hz in (200, 1000, 4000)]
    assert loudest == sorted(set(loudest))
    middles = np.linspace(1127 * np.log1p(20 / 700), 1127 * np.log1p(8000 / 700), 82)[1:-1]
    for hz, band in zip((200, 1000, 4000), loudest, strict=True):
        assert abs(middles[band] - 1127 * np.log1p(hz / 700)) <= middles[1] - middles[0]


def test_long_audio_has_the_same_frames_as_its_parts() -> None:
    samples = DICE.standard_normal(16_000 * 62).astype(np.float32)
    whole = log_mel(samples)
    np.testing.assert_allclose(whole[6000:6100], log_mel(samples[6000 * 160 :])[:100], rtol=1e-5)


def test_an_embedding_has_length_one_and_does_not_depend_on_the_windows_beside_it(network: Campplus) -> None:
    features = DICE.standard_normal((3, 148, 80)).astype(np.float32)
    together = network.embed(features)
    assert together.shape == (3, SIZE)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(together[1:2], network.embed(features[1:2]), atol=1e-5)


@pytest.mark.parametrize("frames", [50, 100, 201, 230])
def test_windows_of_any_length_are_embedded(network: Campplus, frames: int) -> None:
    assert np.isfinite(network.embed(DICE.standard_normal((1, frames, 80)).astype(np.float32))).all()


@pytest.mark.parametrize("step", [1, 2])
def test_the_convolution_over_bands_is_that_of_naive_loops(step: int) -> None:
    made = weights()
    network, x = Campplus(made), DICE.standard_normal((1, 10, 7, 32)).astype(np.float32)
    kernel, found = made["head.layer1.0.conv1.weight"], network._plane(x, "head.layer1.0.conv1", step)
    variance, mean = made["head.layer1.0.bn1.running_var"], made["head.layer1.0.bn1.running_mean"]
    for band in range(0, 10, step):
        for time in range(7):
            total = np.zeros(32)
            for i in range(3):
                for j in range(3):
                    b, t = band + i - 1, time + j - 1
                    if 0 <= b < 10 and 0 <= t < 7:
                        total += kernel[:, :, i, j] @ x[0, b, t]
            naive = (total - mean) / np.sqrt(variance + 1e-5)
            naive = naive * made["head.layer1.0.bn1.weight"] + made["head.layer1.0.bn1.bias"]
            np.testing.assert_allclose(found[0, band // step, time], naive, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "step", "dilation"),
    [("xvector.tdnn.linear", 2, 1), ("xvector.block2.tdnnd1.cam_layer.linear_local", 1, 2)],
)
def test_the_convolution_over_time_is_that_of_naive_loops(name: str, step: int, dilation: int) -> None:
    made = weights()
    kernel = made[f"{name}.weight"]
    x = DICE.standard_normal((1, 11, kernel.shape[1])).astype(np.float32)
    found = Campplus(made)._convolve(x, name, step=step, dilation=dilation)
    taps = kernel.shape[2]
    for n, time in enumerate(range(0, 11, step)):
        places = [(k, time + (k - taps // 2) * dilation) for k in range(taps)]
        naive = sum(kernel[:, :, k] @ x[0, t] for k, t in places if 0 <= t < 11)
        np.testing.assert_allclose(found[0, n], naive, atol=1e-4)


def saved(pickled: bytes) -> bytes:
    """A file as PyTorch writes it, with these opcodes of pickle, and six numbers."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("model/data.pkl", pickled)
        file.writestr("model/data/0", np.arange(6, dtype=np.float32).tobytes())
    return archive.getvalue()


def tensor(offset: int, shape: tuple[int, ...], stride: tuple[int, ...], kind: str = "FloatStorage") -> bytes:
    """A dict with one array "x", as opcodes."""
    sizes = [b"(" + b"".join(b"I%d\n" % n for n in numbers) + b"t" for numbers in (shape, stride)]
    storage = b"(S'storage'\nctorch\n%s\nS'0'\nS'cpu'\nI6\ntQ" % kind.encode()
    built = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"I%d\n" % offset + b"".join(sizes) + b"tR"
    return b"}S'x'\n" + built + b"s."


def test_arrays_are_read_as_they_were_saved(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    for opcodes, wanted in (
        (tensor(0, (2, 3), (3, 1)), [[0, 1, 2], [3, 4, 5]]),
        (tensor(0, (3, 2), (1, 3)), [[0, 3], [1, 4], [2, 5]]),
        (tensor(4, (2,), (1,)), [4, 5]),
        (tensor(5, (), ()), 5),
    ):
        path.write_bytes(saved(opcodes))
        assert read_checkpoint(path)["x"].tolist() == wanted


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no file of weights"),
        (b"PK\x03\x04 cut off", "no file of weights"),
        (saved(b"cos\nsystem\n(S'true'\ntR."), "it names os.system"),
        (saved(b"cbuiltins\neval\n(S'1'\ntR."), "it names builtins.eval"),
        (saved(tensor(0, (2, 3), (3, 1), "ByteStorage")), "it names torch.ByteStorage"),
        (saved(tensor(1, (2, 3), (3, 1))), "lies outside its data"),
        (saved(tensor(0, (2, 3), (3000, 1))), "lies outside its data"),
        (saved(tensor(5, (2,), (-1,))), "lies outside its data"),
        (saved(b"}S'x'\nI1\ns."), "no file of weights"),
        (saved(b"I1\n."), "no file of weights"),
    ],
)
def test_a_file_that_is_no_model_runs_nothing_and_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=why):
        read_checkpoint(path)
