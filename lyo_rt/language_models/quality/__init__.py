"""What is good enough to be stored: the rules of item writing and of courses, as pure functions.

`items.py` judges and orders questions, `sifting.py` mends what can be mended mechanically and drops the rest,
`courses.py` does the same for plans and lessons. Nothing here asks a model, reads a clock or keeps anything.
"""
