"""A resource of Azure OpenAI. By hand: python -m tests.servers.azure"""

import json
from typing import Any

from tests.servers.acts import Answer
from tests.servers.base import Heard
from tests.servers.openai import OpenAIServer

FILTERED = {
    "error": {
        "message": "The response was filtered due to the prompt triggering the content policy.",
        "type": None,
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
        "innererror": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {
                "hate": {"filtered": False, "severity": "safe"},
                "violence": {"filtered": True, "severity": "medium"},
                "jailbreak": {"filtered": True, "detected": True},
            },
        },
    }
}
NO_DEPLOYMENT = {
    "error": {
        "code": "DeploymentNotFound",
        "message": "The API deployment for this resource does not exist.",
    }
}


class AzureServer(OpenAIServer):
    """Answers as a resource does: the filter's findings come first, in a chunk without choices."""

    @property
    def url(self) -> str:
        return super().url.removesuffix("/v1")

    def events(self, answer: Answer, heard: Heard) -> list[bytes]:
        found = {"model": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}
        return [f"data: {json.dumps(found)}\n\n".encode(), *super().events(answer, heard)]

    def error_body(self, status: int) -> Any:
        said = "Access denied due to invalid subscription key or wrong API endpoint."
        return {"error": {"code": str(status), "message": said if status == 401 else "Failed."}}


if __name__ == "__main__":
    from tests.servers.by_hand import main

    main(AzureServer, kind="azure", more=('model = "gpt-4o-mini"',))
