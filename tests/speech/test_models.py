"""Where a model is, what is said when it is not, and that nothing is downloaded that is not pinned."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from podwatch.errors import SpeechError
from podwatch.settings import Settings
from podwatch.speech import model_download, models
from podwatch.speech.model_download import get_model
from podwatch.speech.models import PINNED, ModelFile, PinnedModel, find_model, mended_tokenizer, wrong_files
from podwatch.speech_settings import SpeechSettings, speech_settings
from tests.support.file_host import FileHost
from tests.support.speech_models import need_model

FILES = {
    "config.json": b'{"alignment_heads": []}',
    "tokenizer.json": b'{"model": {"merges": []}}',
    "vocabulary.txt": b"the\n" * 50,
    "model.bin": bytes(range(256)) * 2000,
}
TOY = PinnedModel(
    "toy",
    "somebody/toy",
    "0123456789abcdef0123456789abcdef01234567",
    tuple(ModelFile(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in FILES.items()),
)


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of half a megabyte beside the real ones."""
    for module in (models, model_download):
        monkeypatch.setattr(module, "PINNED", {**PINNED, "toy": TOY})


@pytest.fixture
def hub() -> Iterator[FileHost]:
    path = f"/{TOY.repository}/resolve/{TOY.revision}/"
    with FileHost() as host:
        for name, data in FILES.items():
            host.serve(path + name, data)
        yield host


def speech(folder: Path, model: str = "toy") -> SpeechSettings:
    return SpeechSettings(models=str(folder), model=model)


def place(folder: Path, **changed: bytes) -> Path:
    folder.mkdir(parents=True)
    for name, data in FILES.items():
        (folder / name).write_bytes(changed.get(name.partition(".")[0], data))
    return folder


def test_each_pinned_model_has_a_commit_and_the_files_that_are_needed() -> None:
    for name, model in PINNED.items():
        assert model.name == name
        assert len(model.revision) == 40
        names = {f.name for f in model.files}
        assert names >= set(models.REQUIRED)
        assert names & set(models.VOCABULARIES)
        assert all(len(f.sha256) == 64 and f.size > 0 for f in model.files)
    hashes = [f.sha256 for m in PINNED.values() for f in m.files if f.name in ("model.bin", "config.json")]
    assert len(set(hashes)) == len(hashes)


def test_the_packaged_model_of_the_tests_is_bit_for_bit_the_pinned_one() -> None:
    found = find_model(speech(need_model(), "tiny.en"))
    assert (found.name, found.revision) == ("tiny.en", PINNED["tiny.en"].revision[:7])
    assert wrong_files(found.folder) == []


def test_models_are_kept_in_the_data_folder_unless_set_otherwise(tmp_path: Path) -> None:
    assert speech_settings({}, tmp_path).models == str(tmp_path / "models")
    assert speech_settings({"PODWATCH_SPEECH_MODELS": "/srv/models"}, tmp_path).models == "/srv/models"


@pytest.mark.usefixtures("pinned")
def test_a_name_is_a_folder_among_the_models_and_a_folder_is_itself(tmp_path: Path) -> None:
    place(tmp_path / "toy")
    for named in ("toy", str(tmp_path / "toy")):
        found = find_model(speech(tmp_path, named))
        assert (found.name, found.revision, found.folder) == ("toy", "0123456", tmp_path / "toy")


def test_a_model_of_ones_own_is_named_by_its_bytes(tmp_path: Path) -> None:
    mine = find_model(speech(tmp_path, str(place(tmp_path / "mine"))))
    other = find_model(speech(tmp_path, str(place(tmp_path / "other", model=b"x" * 99))))
    assert mine.name == "mine"
    assert len(mine.revision) == len(other.revision) == 7
    assert mine.revision != other.revision
    assert wrong_files(mine.folder) == [], "nothing is known of it"


@pytest.mark.usefixtures("pinned")
@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("toy", r"models/toy: the speech model toy is not there - podwatch listen --get-model toy"),
        ("largest", r"the speech model largest is not there; known are tiny, .* - set PODWATCH_SPEECH_MODEL"),
        ("/nowhere/at/all", r"/nowhere/at/all: the speech model /nowhere/at/all is not there - set PODWATCH_SPEECH_MODEL"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_with_what_to_do(model: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SpeechError, match=said):
        find_model(speech(tmp_path / "models", model))


@pytest.mark.usefixtures("pinned")
@pytest.mark.parametrize(
    ("missing", "said"),
    [("tokenizer.json", "lacks tokenizer.json"), ("vocabulary.txt", "lacks vocabulary.txt"), ("model.bin", "lacks model.bin")],
)  # fmt: skip
def test_a_folder_that_is_not_whole_is_said(missing: str, said: str, tmp_path: Path) -> None:
    (place(tmp_path / "toy") / missing).unlink()
    with pytest.raises(SpeechError, match=said):
        find_model(speech(tmp_path))


@pytest.mark.usefixtures("pinned")
def test_a_model_that_was_cut_off_is_not_taken_for_the_pinned_one(tmp_path: Path) -> None:
    place(tmp_path / "toy", model=FILES["model.bin"][:-1])
    with pytest.raises(SpeechError, match="another size than the model toy - podwatch listen --get-model toy"):
        find_model(speech(tmp_path))


@pytest.mark.usefixtures("pinned")
def test_a_changed_byte_is_found_by_hash(tmp_path: Path) -> None:
    folder = place(tmp_path / "toy", model=b"X" + FILES["model.bin"][1:])
    assert find_model(speech(tmp_path)).revision == "0123456", "a load looks at sizes"
    assert wrong_files(folder) == ["model.bin"], "doctor reads it"


@pytest.mark.usefixtures("pinned")
def test_a_model_is_downloaded_and_nothing_of_it_twice(settings: Settings, hub: FileHost) -> None:
    told: list[tuple[int, int]] = []
    found = get_model("toy", settings_with(settings), lambda done, of: told.append((done, of)), hub=hub.address)
    assert {name: (found.folder / name).read_bytes() for name in FILES} == FILES
    assert told[-1] == (TOY.size, TOY.size)
    assert sorted(told) == told
    (found.folder / "config.json").unlink()
    hub.asked.clear()
    get_model("toy", settings_with(settings), hub=hub.address)
    assert [path.rpartition("/")[2] for path in hub.asked] == ["config.json"]
    get_model("toy", settings_with(settings), hub=hub.address)
    assert sum(map(len, hub.asked.values())) == 1


@pytest.mark.usefixtures("pinned")
def test_a_download_that_is_cut_off_goes_on_where_it_was(settings: Settings, hub: FileHost) -> None:
    path = next(p for p in hub.files if p.endswith("model.bin"))
    hub.cut(path, 200_000, *[0] * 8)
    with pytest.raises(SpeechError, match="it goes on where it was") as e:
        get_model("toy", settings_with(settings), hub=hub.address)
    assert e.value.retryable
    hub.mend()
    hub.sent.clear()
    assert get_model("toy", settings_with(settings), hub=hub.address).name == "toy"
    assert sum(hub.sent.values()) < len(FILES["model.bin"]) - 100_000


@pytest.mark.usefixtures("pinned")
def test_other_bytes_than_the_pinned_ones_are_refused_and_deleted(settings: Settings, hub: FileHost) -> None:
    path = next(p for p in hub.files if p.endswith("vocabulary.txt"))
    hub.serve(path, b"THE\n" * 50)
    with pytest.raises(
        SpeechError, match=r"is not the file that podwatch pins \(.*\) - try again; if that says the same"
    ):
        get_model("toy", settings_with(settings), hub=hub.address)
    assert not (settings.home / "models/toy/vocabulary.txt").exists()


@pytest.mark.usefixtures("pinned")
def test_a_larger_file_than_the_pinned_one_is_not_read_to_its_end(settings: Settings, hub: FileHost) -> None:
    path = next(p for p in hub.files if p.endswith("config.json"))
    hub.serve(path, b" " * 10_000_000)
    with pytest.raises(SpeechError, match=r"not the file that podwatch pins: is larger than 23 bytes - try again"):
        get_model("toy", settings_with(settings), hub=hub.address)


@pytest.mark.usefixtures("pinned")
def test_a_hub_that_cannot_be_reached_is_said_with_the_other_way(settings: Settings, hub: FileHost) -> None:
    hub.files.clear()
    with pytest.raises(SpeechError, match="copy the folder from a machine that has it"):
        get_model("toy", settings_with(settings), hub=hub.address)


@pytest.mark.usefixtures("pinned")
def test_a_full_disk_is_said_before_anything_is_asked_for(
    settings: Settings, hub: FileHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type(shutil.disk_usage("/"))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 10**12, 1000))
    with pytest.raises(SpeechError, match="needs 0 MB, and 0 are free - make room"):
        get_model("toy", settings_with(settings), hub=hub.address)
    assert not hub.asked


def test_a_name_that_is_not_pinned_is_not_downloaded(settings: Settings) -> None:
    with pytest.raises(SpeechError, match=r"there is no model huge - choose one of tiny, tiny.en, base"):
        get_model("huge", settings)


def settings_with(settings: Settings) -> Settings:
    return replace(settings, speech=replace(settings.speech, models=str(settings.home / "models")))


def test_the_merge_that_a_tokenizer_lacks_is_put_back(tmp_path: Path) -> None:
    vocabulary = {token: i for i, token in enumerate(["Ġ", "t", "h", "e", "Ġt", "he", "Ġthe"])}
    lacking = {"version": "1.0", "model": {"type": "BPE", "vocab": vocabulary, "merges": ["h e", "Ġt he"]}}
    lacking["added_tokens"] = []
    (tmp_path / "tokenizer.json").write_text(json.dumps(lacking))
    mended = mended_tokenizer(tmp_path)
    assert mended is not None
    assert mended.encode("Ġthe").tokens == ["Ġthe"]
    lacking["model"]["merges"].insert(0, "Ġ t")  # type: ignore[index]
    (tmp_path / "tokenizer.json").write_text(json.dumps(lacking))
    assert mended_tokenizer(tmp_path) is None


def test_the_tokenizer_of_the_test_model_is_whole() -> None:
    assert mended_tokenizer(need_model() / "tiny.en") is None
