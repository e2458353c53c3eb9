"""What was found, in words.

report.py writes the lines. statements.py has the right statement of every step in a
person's style (styles.py); words.py, amounts.py, cost_words.py and shapes.py name the
mistakes (texts.py has their words); places.py says where, notes.py the rest.
"""
