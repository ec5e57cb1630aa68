"""A company's network services for tests: an HTTP proxy, mirrors of package registries, and a name server. Standard library only."""
