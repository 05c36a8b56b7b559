"""Gemma 3: a GGUF file that a process of this instance's own runs, or any server that speaks OpenAI's API."""
