"""Gemini's REST API on loopback: generateContent and streamGenerateContent."""

import json
import re
from http import HTTPStatus
from typing import Any

from tests.loopback.provider import Asked, Provider, Refused, main
from tests.loopback.server import Request

_PATH = re.compile(r"/v1beta/models/([\w.-]+):(generateContent|streamGenerateContent)(\?.*)?")
_STATUSES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip
_FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "blocked": "SAFETY"}
_FIELDS = {"contents", "systemInstruction", "generationConfig", "safetySettings"}
_KEYWORDS = {
    "type", "description", "properties", "required", "additionalProperties", "items", "minItems", "minimum", "enum",
}  # fmt: skip


class Gemini(Provider):
    """Gemini on loopback."""

    def understood(self, request: Request) -> Asked:
        found = _PATH.fullmatch(request.target)
        if request.method != "POST" or found is None:
            raise Refused(404, f"{request.target} is not found")
        if request.headers.get("x-goog-api-key", "") in ("", "wrong"):
            raise Refused(400, "API key not valid. Please pass a valid API key.", "API_KEY_INVALID")
        stream = found[2] == "streamGenerateContent"
        if stream and "alt=sse" not in (found[3] or ""):
            raise Refused(400, "only alt=sse is spoken here")
        if not found[1].startswith("gemini"):
            raise Refused(404, f"models/{found[1]} is not found for API version v1beta")
        body = json.loads(request.body)
        if unknown := set(body) - _FIELDS:
            raise Refused(400, f"Unknown name {sorted(unknown)[0]!r}: Cannot find field.")
        contents = body.get("contents") or []
        return Asked(
            model=found[1],
            stream=stream,
            system=_joined(_parsed(body, "systemInstruction")),
            texts=_texts(contents),
            schema=_schema(_parsed(body, "generationConfig")),
            most_tokens=body.get("generationConfig", {}).get("maxOutputTokens", 0),
        )

    def error_body(self, status: int, message: str, reason: str = "") -> bytes:
        name = _STATUSES.get(status, HTTPStatus(status).phrase.upper().replace(" ", "_"))
        error: dict[str, Any] = {"code": status, "message": message, "status": name}
        if reason:
            kind = "type.googleapis.com/google.rpc.ErrorInfo"
            error["details"] = [{"@type": kind, "reason": reason, "domain": "googleapis.com"}]
        return json.dumps({"error": error}).encode()

    def whole_body(self, asked: Asked, text: str, finish: str) -> bytes:
        return json.dumps(_response(asked, text, _FINISH[finish], tokens=len(text.split()))).encode()

    def events(self, asked: Asked, token: str | None, finish: str | None) -> bytes:
        sent = _response(asked, token or "", _FINISH[finish] if finish else None, tokens=1)
        return b"data: " + json.dumps(sent, ensure_ascii=False).encode() + b"\r\n\r\n"


def _parsed(body: dict[str, Any], name: str) -> dict[str, Any]:
    found = body.get(name) or {}
    if not isinstance(found, dict):
        raise Refused(400, f"Invalid value at '{name}'")
    return found


def _joined(content: dict[str, Any]) -> str:
    return "".join(part.get("text", "") for part in content.get("parts", []))


def _texts(contents: list[dict[str, Any]]) -> list[str]:
    if not contents:
        raise Refused(400, "* GenerateContentRequest.contents: contents is not specified")
    for n, content in enumerate(contents):
        if content.get("role") != ("user", "model")[n % 2]:
            raise Refused(400, "Please ensure that multiturn requests alternate between user and model.")
        if not _joined(content):
            raise Refused(400, f"* GenerateContentRequest.contents[{n}].parts: contents.parts must not be empty.")
    if contents[-1]["role"] != "user":
        raise Refused(400, "Please ensure that multiturn requests end with a user role.")
    return [_joined(content) for content in contents]


def _schema(configuration: dict[str, Any]) -> dict[str, Any] | None:
    if configuration.get("maxOutputTokens", 0) < 1:
        raise Refused(400, "maxOutputTokens must be positive")
    schema = configuration.get("responseJsonSchema")
    if schema is None:
        return None
    if configuration.get("responseMimeType") != "application/json":
        raise Refused(400, "Response schema is only supported with response mime type application/json")
    _checked(schema)
    return dict(schema)


def _checked(schema: dict[str, Any]) -> None:
    if set(schema) - _KEYWORDS:
        raise Refused(400, "Request contains an invalid argument.")
    for part in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
        _checked(part)


def _response(asked: Asked, text: str, finish: str | None, *, tokens: int) -> dict[str, Any]:
    prompt = sum(len(turn.split()) for turn in asked.texts)
    candidate: dict[str, Any] = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    if finish == "SAFETY":
        candidate["safetyRatings"] = [{"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH"}]
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": prompt, "candidatesTokenCount": tokens, "totalTokenCount": prompt + tokens
        },
        "modelVersion": asked.model,
        "responseId": "loopback",
    }  # fmt: skip


if __name__ == "__main__":
    main(Gemini)
