"""The metrics, a function each; what `@metric` promises them is in `metric_registry.py`.

All of them are of one cell's logits, larger meaning more fake.
"""
