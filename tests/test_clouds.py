"""Claude in two clouds: asked where they want it, signed in their ways, their troubles told."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from bot.backends.anthropic import AnthropicBackend, to_body
from bot.backends.base import Output, Request, Said
from bot.backends.prices import cost, seller
from bot.errors import BackendBusy, BackendMisconfigured, MissingExtra
from bot.messages import Usage
from bot.settings import BedrockSettings, VertexSettings
from tests.servers.acts import Recording, Refusal
from tests.servers.clouds import BedrockServer, VertexServer, frame

TALK = Request(
    system="Be kind.", history=(Said(role="user", text="Hello"),), context="", question="Hello"
)


@pytest.fixture(autouse=True)
def strange_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this machine's own clouds is found."""
    for name, value in {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "CLOUDSDK_CONFIG": str(tmp_path),
        "NO_GCE_CHECK": "true",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)


def amazon(url: str | None = None, *, key: str | None = None, **more: Any) -> AnthropicBackend:
    settings = BedrockSettings(kind="bedrock", base_url=url, **more)
    return AnthropicBackend(name="claude", settings=settings, key=key)


def google(url: str | None = None, *, key: str | None = None, **more: Any) -> AnthropicBackend:
    settings = VertexSettings(kind="vertex", base_url=url, project="larkmoor", **more)
    return AnthropicBackend(name="claude", settings=settings, key=key)


async def outputs(backend: AnthropicBackend) -> list[Output]:
    try:
        return [output async for output in backend.stream(TALK)]
    finally:
        await backend.close()


async def test_a_question_to_amazon_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDLOCAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret")
    async with BedrockServer() as server:
        assert await outputs(amazon(server.url, region="eu-central-1"))
        [heard] = server.heard
    assert heard.path == "/model/us.anthropic.claude-sonnet-5-5/invoke-with-response-stream"
    signed = heard.headers["authorization"]
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=AKIDLOCAL/")
    assert "/eu-central-1/bedrock/aws4_request" in signed
    sent = heard.json()
    assert "model" not in sent
    assert sent["thinking"] == {"type": "between_tools"}


async def test_a_key_of_bedrock_needs_no_signature() -> None:
    async with BedrockServer() as server:
        await outputs(amazon(server.url, key="bedrock-local", region="us-east-1"))
    assert server.heard[0].headers["authorization"] == "Bearer bedrock-local"


async def test_without_credentials_amazons_cure_is_named() -> None:
    with pytest.raises(BackendMisconfigured, match="aws sso login"):
        await outputs(amazon("http://127.0.0.1:9", region="us-east-1"))


async def test_a_profile_that_is_not_there_is_named() -> None:
    with pytest.raises(BackendMisconfigured, match=r"\(nobody\).*'profile'"):
        await outputs(amazon("http://127.0.0.1:9", region="us-east-1", profile="nobody"))


async def test_amazon_wants_a_region() -> None:
    with pytest.raises(BackendMisconfigured, match="Set 'region'"):
        await outputs(amazon("http://127.0.0.1:9"))


async def test_what_amazon_says_in_mid_answer_is_understood() -> None:
    headers = {":message-type": "exception", ":exception-type": "modelTimeoutException"}
    act = Recording(pieces=[frame(headers, b'{"message": "Model took too long"}')])
    async with BedrockServer(act) as server:
        with pytest.raises(BackendBusy, match=r"408 \(modelTimeoutException\).*took too long"):
            await outputs(amazon(server.url, key="bedrock-local", region="us-east-1"))


async def test_amazons_kind_of_error_stands_in_a_header() -> None:
    refusal = Refusal(
        status=400,
        headers={"x-amzn-errortype": "ValidationException:http://internal/"},
        body=b'{"message": "on-demand throughput isn\\u2019t supported. Use a profile."}',
    )
    async with BedrockServer(refusal) as server:
        with pytest.raises(BackendMisconfigured, match="ValidationException"):
            await outputs(amazon(server.url, key="bedrock-local", region="us-east-1"))


async def test_google_is_asked_under_a_project() -> None:
    async with VertexServer() as server:
        await outputs(google(server.url, key="ya29.local", region="us-east5"))
        [heard] = server.heard
    place = "/v1/projects/larkmoor/locations/us-east5/publishers/anthropic/models"
    assert heard.path == f"{place}/claude-sonnet-5-5:streamRawPredict"
    assert heard.headers["authorization"] == "Bearer ya29.local"
    assert "model" not in heard.json()


async def test_without_credentials_googles_cure_is_named() -> None:
    with pytest.raises(BackendMisconfigured, match="gcloud auth application-default login"):
        await outputs(google("http://127.0.0.1:9"))


@pytest.mark.parametrize(("open_", "extra"), [(amazon, "bedrock"), (google, "vertex")])
def test_what_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, open_: Any, extra: str
) -> None:
    found = importlib.util.find_spec

    def none(name: str, package: str | None = None) -> Any:
        return None if name in {"boto3", "google.auth"} else found(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", none)
    with pytest.raises(MissingExtra, match=rf"pip install 'frontdesk\[{extra}\]'"):
        open_()


@pytest.mark.parametrize(
    "model", ["eu.anthropic.claude-sonnet-5-5-20260901-v1:0", "claude-sonnet-5-5@20260901"]
)
def test_a_model_is_known_under_its_clouds_name(model: str) -> None:
    settings = BedrockSettings(kind="bedrock", model=model)
    assert to_body(TALK, settings=settings)["thinking"] == {"type": "between_tools"}


def test_clouds_have_prices_of_their_own() -> None:
    for settings in (
        BedrockSettings(kind="bedrock"),
        VertexSettings(kind="vertex", project="larkmoor"),
    ):
        usage = Usage(input=1_000_000)
        sold_by = seller(settings.sold_by, settings.base_url)
        assert cost(usage, provider=sold_by, model=settings.model)
