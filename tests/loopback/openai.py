"""OpenAI's chat completions on loopback, whole and streamed."""

import json
from typing import Any

from tests.loopback.provider import Asked, Provider, Refused, main
from tests.loopback.server import Request

_FINISH = {"stop": "stop", "length": "length", "blocked": "content_filter"}
_ROLES = {"system", "user", "assistant"}
_UNSUPPORTED = {"minLength", "maxLength", "allOf", "not", "if", "then", "else", "patternProperties"}
_KINDS = {401: "invalid_request_error", 429: "rate_limit_error", 500: "server_error", 503: "server_error"}


class OpenAI(Provider):
    """OpenAI on loopback."""

    def understood(self, request: Request) -> Asked:
        if (request.method, request.target) != ("POST", "/v1/chat/completions"):
            raise Refused(404, f"Invalid URL ({request.method} {request.target})")
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        if key in ("", "wrong"):
            raise Refused(401, f"Incorrect API key provided: {key}.", "invalid_api_key")
        body = json.loads(request.body)
        if not body.get("model", "").startswith("gpt"):
            raise Refused(404, f"The model `{body.get('model')}` does not exist", "model_not_found")
        messages = body.get("messages") or []
        if not messages or any(message.get("role") not in _ROLES for message in messages):
            raise Refused(400, "Invalid value: messages")
        texts = [message["content"] for message in messages if message["role"] != "system"]
        if not texts or not all(isinstance(text, str) and text for text in texts):
            raise Refused(400, "Invalid value for 'content': expected a string, got null.")
        return Asked(
            model=body["model"],
            stream=bool(body.get("stream")),
            system=next((message["content"] for message in messages if message["role"] == "system"), ""),
            texts=texts,
            schema=_schema(body.get("response_format")),
            most_tokens=body.get("max_completion_tokens", 0),
        )

    def error_body(self, status: int, message: str, reason: str = "") -> bytes:
        kind = _KINDS.get(status, "invalid_request_error")
        return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": reason or None}}).encode()

    def whole_body(self, asked: Asked, text: str, finish: str) -> bytes:
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _FINISH[finish]}
        answer = {**_head(asked, "chat.completion"), "choices": [choice], "usage": _usage(asked, len(text.split()))}
        return json.dumps(answer).encode()

    def events(self, asked: Asked, token: str | None, finish: str | None) -> bytes:
        delta = {"content": token} if token is not None else {}
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": _FINISH[finish] if finish else None}
        head = _head(asked, "chat.completion.chunk")
        sent = _event({**head, "choices": [choice]})
        if finish is not None:
            sent += _event({**head, "choices": [], "usage": _usage(asked, 40)}) + b"data: [DONE]\n\n"
        return sent


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"


def _head(asked: Asked, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-loopback", "object": kind, "created": 1_790_000_000, "model": asked.model}


def _usage(asked: Asked, tokens: int) -> dict[str, int]:
    prompt = sum(len(text.split()) for text in asked.texts)
    return {"prompt_tokens": prompt, "completion_tokens": tokens, "total_tokens": prompt + tokens}


def _schema(response_format: dict[str, Any] | None) -> dict[str, Any] | None:
    """The schema of a strict structured request, checked by strict mode's rules."""
    if response_format is None or response_format.get("type") == "text":
        return None
    shape = response_format.get("json_schema") or {}
    if response_format.get("type") != "json_schema" or not shape.get("name") or not shape.get("strict"):
        raise Refused(400, "Invalid value for 'response_format'")
    _checked(shape["schema"], shape["name"])
    return dict(shape["schema"])


def _checked(schema: dict[str, Any], name: str) -> None:
    if unsupported := set(schema) & _UNSUPPORTED:
        raise Refused(400, f"Invalid schema for response_format '{name}': {sorted(unsupported)[0]} is not permitted.")
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            raise Refused(400, f"Invalid schema for response_format '{name}': 'additionalProperties' must be false.")
        if set(schema.get("required", ())) != set(schema["properties"]):
            raise Refused(400, f"Invalid schema for response_format '{name}': 'required' must name every property.")
        for part in schema["properties"].values():
            _checked(part, name)
    if "items" in schema:
        _checked(schema["items"], name)


if __name__ == "__main__":
    main(OpenAI)
