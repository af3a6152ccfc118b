"""The experiment file: its words, their types, and what is said of its mistakes.

May import the ground.
"""
