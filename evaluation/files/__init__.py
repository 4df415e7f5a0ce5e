"""The outside, once: what a file is, and its bytes as sheets of cells or records. Nothing of the study is known here.

What a column means, which sheet is wanted and what is done with a row is for whoever asks. Every reader refuses damage
in words (:class:`~evaluation.errors.InputError`), follows no reference out of the file, and says how much it may hold.
"""
