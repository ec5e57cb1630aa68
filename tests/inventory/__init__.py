"""The rows of the feature inventory that plain requests can show, one test a row, named after it.

Kept next to the conformance of the published clients: what a person types with curl must work too.
"""
