"""What root inside a sandbox tries against host, platform and other sandboxes; run by tests/test_hostile.py.

This package is copied into a sandbox and runs there as root; the same attempts run on the host where that is their positive control.
It needs nothing but Python's standard library.
"""
