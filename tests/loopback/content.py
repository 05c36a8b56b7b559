"""Valid content made from a request's own schema and prompt, the same every time."""

import json
import re
from itertools import cycle, islice
from typing import Any

from tests.loopback.quizzes import CAPITALS, grading_document, quiz_document


def document(schema: dict[str, Any], prompt: str, purpose: str) -> dict[str, Any]:
    """A JSON document that fits `schema`; its texts name the purpose and what the prompt says of it."""
    if purpose.startswith("quiz "):
        return quiz_document(prompt, purpose.removeprefix("quiz "))
    if purpose == "grading":
        return grading_document(prompt)
    facts = {
        "purpose": purpose,
        "topic": (_fact(prompt, "topic") or "the subject") + (" anew" if "<refused>" in prompt else ""),
        "title": _fact(prompt, "title") or purpose,
        "modules": _number(prompt, "Modules"),
        "questions": _number(prompt, "Questions"),
        "keys": _keys(prompt),
        "courses": _number(prompt, "Courses"),
        "line_too_many": "name a line too many" in prompt,
        "translated": _translated(prompt),
    }
    made = _value(schema, (), facts)
    assert isinstance(made, dict)
    return made


def tutor_tokens(said: str, material: str) -> list[str]:
    """A tutor's answer, token by token: it takes up the learner's words and asks one question.

    Who asks for it "in 400 words" gets so many tokens, none of which asks: a tutor ends with its question.
    """
    sentence = re.split(r"(?<=[.!])\s", material.strip())[0][:120] if material.strip() else "the subject at hand"
    words = " ".join(said.replace("?", "").split()[:12]) or "nothing yet"
    text = (
        f"You say: {words}. That is a good place to begin. Let us hold it against the material, which says: {sentence} "
        "Take one part of it that you are sure of, and one that you are not. Which of the two would you look at first?"
    )
    tokens = tokens_of(text)
    wanted = re.search(r"\bin (\d+) words\b", said)
    if wanted is None:
        return tokens
    told = [token.replace("?", ".") for token in (*tokens[:-1], f"{tokens[-1]} ")]
    return list(islice(cycle(told), int(wanted[1])))


def tokens_of(text: str) -> list[str]:
    """The words of a text, each with the space behind it."""
    return re.findall(r"\S+\s*", text)


def _value(schema: dict[str, Any], path: tuple[str | int, ...], facts: dict[str, Any]) -> Any:
    match schema.get("type"):
        case "object":
            return {name: _value(part, (*path, name), facts) for name, part in schema["properties"].items()}
        case "array":
            return [_value(schema["items"], (*path, n), facts) for n in range(_length(schema, path, facts))]
        case "integer" | "number":
            if path[-1] in ("first_line", "last_line"):
                return 99 if facts["line_too_many"] and path[-1] == "last_line" else 1
            if path[-1] == "answer":
                return int(path[1]) % 4
            if path[0] == "answers":
                return facts["keys"][int(path[1])]
            if path[-1] == "difficulty":
                return min(5, 1 + int(path[1]) // 2)
            return min(schema.get("maximum", 15), max(schema.get("minimum", 0), 15))
        case "boolean":
            return True
        case _:
            return _text(path, facts)


def _length(schema: dict[str, Any], path: tuple[str | int, ...], facts: dict[str, Any]) -> int:
    asked = {
        "answers": len(facts["keys"]),
        "modules": facts["modules"],
        "questions": facts["questions"],
        "reasons": facts["courses"],
        "options": 4,
        "key_terms": 4,
    }
    wanted: int = asked.get(str(path[-1])) or 2
    return max(int(schema.get("minItems", 0)), min(int(schema.get("maxItems", 20)), wanted))


def _text(path: tuple[str | int, ...], facts: dict[str, Any]) -> str:
    place = " ".join(str(part + 1) if isinstance(part, int) else part for part in path)
    match path[-1]:
        case "url":
            return f"https://en.wikipedia.org/wiki/Learning_{path[1]}"
        case "text":
            return facts["translated"] or _lesson_text(facts)
        case "title" if len(path) == 1:
            return f"{facts['topic']}: {facts['purpose']}" if facts["purpose"] == "plan" else facts["title"]
        case "term":
            return f"term {place.split()[1]} of {facts['title']}"
        case _:
            return f"{place} ({facts['purpose']}, {facts['topic']})"


def _translated(prompt: str) -> str:
    """The text to be translated, in capitals; one that says so loses its first mark, until its faults are told."""
    found = re.search(r"<text>\n(.*?)\n</text>", prompt, re.DOTALL)
    text = found[1] if found else ""
    told = "That document has faults" in prompt
    loses = "lose a mark always" in text or ("lose a mark once" in text and not told)
    return text.upper().replace("⟦0⟧", "" if loses else "⟦0⟧")


def _lesson_text(facts: dict[str, Any]) -> str:
    sentences = " ".join(
        f"Sentence {n} of {facts['title']} says one thing about {facts['topic']}." for n in range(1, 9)
    )
    return f"## {facts['title']}\n\n{sentences}\n\n## To remember\n\n{facts['purpose']} ends here."


def _fact(prompt: str, name: str) -> str | None:
    found = re.search(rf'"{name}":\s*("(?:[^"\\]|\\.)*")', prompt)
    return str(json.loads(found.group(1))) if found else None


def _keys(prompt: str) -> list[int]:
    """The places of the right options among questions of our own, wherever they went; -1 among others."""
    found = re.search(r"<questions>(.*)</questions>", prompt, re.DOTALL)
    return [_key(each["question"], each["options"]) for each in (json.loads(found.group(1)) if found else [])]


def _key(question: str, options: list[str]) -> int:
    number = re.search(r"\d+", question)
    right = [f"options {(int(number[0]) - 1) % 4 + 1} "] if number else []
    right += [city for country, city in CAPITALS.items() if f"of {country}?" in question]
    return next((n for n, option in enumerate(options) if any(one in option for one in right)), -1)


def _number(prompt: str, name: str) -> int | None:
    found = re.search(rf"^{name}: (\d+)$", prompt, re.MULTILINE)
    return int(found.group(1)) if found else None
