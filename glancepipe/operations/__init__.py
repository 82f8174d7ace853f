"""What a caller can ask for: one file per operation, holding the sequence of verbs and nothing else.

An operation plays verbs at the outermost proxies, all with one Call; what a verb does belongs to the layers.
"""
