"""Models that align words: what isn't here is not waited for."""

from pathlib import Path
from typing import Any

import pytest


def test_a_model_that_is_not_here_is_not_asked_for_while_the_hub_is_silent(aligners: Any, tmp_path: Path) -> None:
    aligners.torchaudio.pipelines.WAV2VEC2_ASR_BASE_960H._path = "wav2vec2.pth"
    aligners.torch.hub.get_dir = lambda: str(tmp_path)
    with pytest.raises(LookupError, match=r"the alignment model wav2vec2.pth isn't here"):
        aligners.alignment_model("en", "cpu")
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "wav2vec2.pth").touch()
    assert aligners.alignment_model("en", "cpu") == ("model", "details")


def test_a_model_in_a_folder_is_taken_from_there(aligners: Any, tmp_path: Path) -> None:
    aligners.torchaudio.pipelines.WAV2VEC2_ASR_BASE_960H._path = "wav2vec2.pth"
    (tmp_path / "wav2vec2.pth").touch()
    assert aligners.alignment_model("en", "cpu", tmp_path) == ("model", {"model_dir": str(tmp_path)})
    assert aligners.alignment_model("hi", "cpu", tmp_path) == ("model", {"model_name": str(tmp_path)})


def test_sentences_are_not_waited_for_either(aligners: Any) -> None:
    aligners.nltk.data.find.side_effect = LookupError("a page of advice")
    with pytest.raises(LookupError, match=r"\(punkt_tab\) isn't here"):
        aligners.alignment_model("de_unknown", "cpu")
