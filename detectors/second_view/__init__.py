"""Second views: what a detector is given of an image beside its pixels.

A detector asks for one by `Options.second_input()`, a text of the kind `second_view`
(`data/second_views.py` has its words). `detectors.contract.build` then gives its network a second
argument: forward(images_BCHW, second_BCHW). Everything else is as with any detector.

`text.py` reads the text without torch, `views.py` computes, `with_second_view.py` joins the two.
"""
