"""Uploads: avatars and lesson media, each kept once however many learners have uploaded it."""
