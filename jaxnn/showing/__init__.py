"""What a person looks at: charts, pictures of digits and units, the page.

charts.py and pictures.py return matplotlib figures. page.py makes one HTML page from
page.html, page.js and reader.js. This file imports none of them, because some commands
draw nothing.
"""
