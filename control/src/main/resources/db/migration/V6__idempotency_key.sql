-- Which sandbox a create with an Idempotency-Key stands for, for 24 hours.

CREATE TABLE idempotency_key (
  organization_id uuid NOT NULL,
  key             text NOT NULL,
  body_hash       text NOT NULL,              -- SHA-256 of the body, hexadecimal
  sandbox_id      uuid NOT NULL,              -- its row is made after this one, and may go before it
  created_at      timestamptz NOT NULL,
  PRIMARY KEY (organization_id, key)
);
CREATE INDEX idempotency_key_created ON idempotency_key (created_at);
