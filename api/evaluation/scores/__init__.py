"""What an answer of the tutor is judged by; pure functions.

They know nothing of how the server keeps its own rules: who is judged must not write the rule it is judged by.
"""
