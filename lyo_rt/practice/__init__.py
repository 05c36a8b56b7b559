"""Adaptive difficulty: how able a learner is, how hard a question is, and which question should come next."""
