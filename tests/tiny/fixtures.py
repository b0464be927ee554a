"""The tiny models as fixtures: built once a session, by whichever worker first needs one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tiny import built

Build = Callable[[str], Path]


@pytest.fixture(scope="session")
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Return what gives the folder of a model by its name in ``tests.tiny.BUILDERS``."""
    root = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        root = root.parent  # all workers' own folders lie in it
    return lambda name: built(name, root=root / "models")


@pytest.fixture(scope="session")
def tiny_llama(tiny: Build) -> Path:
    """Return the folder of a chat model whose template takes every role."""
    return tiny("llama")


@pytest.fixture(scope="session")
def tiny_gemma(tiny: Build) -> Path:
    """Return the folder of a chat model that refuses system messages and repeated roles."""
    return tiny("gemma")


@pytest.fixture(scope="session")
def tiny_gpt2(tiny: Build) -> Path:
    """Return the folder of a base model without a chat template."""
    return tiny("gpt2")


@pytest.fixture(scope="session")
def tiny_thinker(tiny: Build) -> Path:
    """Return the folder of a chat model whose thinking marks are special tokens."""
    return tiny("thinker")


@pytest.fixture(scope="session")
def tiny_roberta_qa(tiny: Build) -> Path:
    """Return the folder of a RoBERTa that knows the answers of ``lessons.SPANS``."""
    return tiny("roberta_qa")


@pytest.fixture(scope="session")
def tiny_bart(tiny: Build) -> Path:
    """Return the folder of a BART that knows the summaries of ``lessons.SUMMARIES``."""
    return tiny("bart")


@pytest.fixture(scope="session")
def tiny_classifier(tiny: Build) -> Path:
    """Return the folder of a classifier that tells NEGATIVE from POSITIVE."""
    return tiny("classifier")


@pytest.fixture(scope="session")
def tiny_topics(tiny: Build) -> Path:
    """Return the folder of a classifier with the topics of ``lessons.TOPICS`` as its labels."""
    return tiny("topics")


@pytest.fixture(scope="session")
def tiny_nli(tiny: Build) -> Path:
    """Return the folder of a model that tells what a sentence entails."""
    return tiny("nli")


@pytest.fixture(scope="session")
def tiny_marian(tiny: Build) -> Path:
    """Return the folder of a translator from German into English."""
    return tiny("marian_de_en")


@pytest.fixture(scope="session")
def tiny_marian_back(tiny: Build) -> Path:
    """Return the folder of a translator from English into German."""
    return tiny("marian_en_de")
