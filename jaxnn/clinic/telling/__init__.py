"""What was found, in words.

report.py writes the lines. formulas.py has the right statement of every step in a
person's style (styles.py); words.py, amounts.py, cost_words.py and products.py name the
mistakes (edit_words.py has a table of words); places.py says where, notes.py the rest.
"""
