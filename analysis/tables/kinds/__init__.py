"""Kinds of tables, a file each that assigns TABLE; its presence registers it."""
