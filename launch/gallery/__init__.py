"""The most confident mistakes of an experiment's cells: what `crossgen gallery` writes.

mistakes      which images of each cell are furthest on the wrong side of a logit of 0
thumbnails    these images, small, as text for a page
gallery_page  one HTML page that needs nothing beside itself
"""
