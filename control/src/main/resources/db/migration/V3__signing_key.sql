-- Keys that clients sign file URLs with, made when first asked for.

CREATE TABLE sandbox_signing_key (
  sandbox_id      uuid PRIMARY KEY REFERENCES sandbox ON DELETE CASCADE,
  organization_id uuid NOT NULL,
  signing_key     text NOT NULL,              -- a secret: never logged
  version         bigint NOT NULL,            -- grows with every rotation, so that caches keep the newest
  updated_at      timestamptz NOT NULL
);
