"""Quizzes: made of a resource, a text or a topic, stored, taken, and graded by the server."""
