"""What is stored of a pool: its manifest, its files' places today, its headers' facts.

Part of `grid.records`.
"""
