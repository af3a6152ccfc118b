"""Tables as papers print them: numbers with the digits that are there, and what they are of."""
