"""What a person looks at: charts, pictures of digits and units, the page.

charts.py and pictures.py return matplotlib figures. page.py makes one HTML page from
page.html, page.js and reader.js. Nothing is imported here: most commands draw nothing.
"""
