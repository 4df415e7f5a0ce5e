"""Reports: disclosure-protected tables in, Danish text, figures and files out.

What belongs here is how a number is said, drawn and laid out. What it is, whether it may be shown and which
verdict it carries was decided before: by the effects, the disclosure gate and the protocol.
"""
