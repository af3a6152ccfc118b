"""What the terminal and the page are made of; their parts are the files of `sections/`.

It imports every other room but `sections`.
"""
