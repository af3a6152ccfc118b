"""What every detector must be, check by check: for the tests of the zoo and for anybody's own.

`crossgen check detector NAME` runs all of them; `tests/detectors/test_contract.py` runs the same.
"""
