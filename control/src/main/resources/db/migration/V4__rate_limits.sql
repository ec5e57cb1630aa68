-- Limits of request rates that an organization has instead of the configured ones; null: the configured one.

ALTER TABLE organization
  ADD authenticated_rate_limit                 integer CHECK (authenticated_rate_limit > 0),
  ADD authenticated_rate_limit_ttl_seconds     integer CHECK (authenticated_rate_limit_ttl_seconds BETWEEN 1 AND 86400),
  ADD sandbox_create_rate_limit                integer CHECK (sandbox_create_rate_limit > 0),
  ADD sandbox_create_rate_limit_ttl_seconds    integer CHECK (sandbox_create_rate_limit_ttl_seconds BETWEEN 1 AND 86400),
  ADD sandbox_lifecycle_rate_limit             integer CHECK (sandbox_lifecycle_rate_limit > 0),
  ADD sandbox_lifecycle_rate_limit_ttl_seconds integer CHECK (sandbox_lifecycle_rate_limit_ttl_seconds BETWEEN 1 AND 86400);
