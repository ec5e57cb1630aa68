-- Who owns what, and where it may run. Every row that belongs to somebody names its organization.

CREATE TABLE region (
  id              text PRIMARY KEY,
  name            text NOT NULL,
  organization_id uuid,                       -- null: shared by all organizations
  created_at      timestamptz NOT NULL
);

CREATE TABLE account (
  id          text PRIMARY KEY,
  name        text NOT NULL,
  email       text NOT NULL DEFAULT '',
  system_role text NOT NULL CHECK (system_role IN ('admin', 'user')),
  created_at  timestamptz NOT NULL
);

CREATE TABLE organization (
  id                uuid PRIMARY KEY,
  name              text NOT NULL,
  created_by        text NOT NULL REFERENCES account,
  personal          boolean NOT NULL,
  default_region_id text REFERENCES region,
  created_at        timestamptz NOT NULL,
  updated_at        timestamptz NOT NULL
);

ALTER TABLE region ADD FOREIGN KEY (organization_id) REFERENCES organization;

CREATE TABLE membership (
  organization_id uuid NOT NULL REFERENCES organization,
  account_id      text NOT NULL REFERENCES account,
  role            text NOT NULL CHECK (role IN ('owner', 'member')),
  PRIMARY KEY (organization_id, account_id)
);

CREATE TABLE api_key (
  organization_id uuid NOT NULL REFERENCES organization,
  account_id      text NOT NULL REFERENCES account,
  name            text NOT NULL,
  hash            text NOT NULL UNIQUE,       -- SHA-256 of the whole value, hexadecimal
  prefix          text NOT NULL,              -- first and last characters, for display
  suffix          text NOT NULL,
  permissions     text[] NOT NULL,
  created_at      timestamptz NOT NULL,
  last_used_at    timestamptz,
  expires_at      timestamptz,
  PRIMARY KEY (organization_id, account_id, name)
);

CREATE TABLE snapshot (
  id              uuid PRIMARY KEY,
  organization_id uuid NOT NULL REFERENCES organization,
  region_id       text NOT NULL REFERENCES region,
  sandbox_class   text NOT NULL,
  name            text NOT NULL,
  general         boolean NOT NULL,           -- readable by every organization
  image           text NOT NULL,              -- name of the image definition it is made from
  layers          text[] NOT NULL DEFAULT '{}',
  entrypoint      text[],
  cpu             integer NOT NULL CHECK (cpu > 0),
  gpu             integer NOT NULL DEFAULT 0,
  memory_gib      integer NOT NULL CHECK (memory_gib > 0),
  disk_gib        integer NOT NULL CHECK (disk_gib > 0),
  size_bytes      bigint,
  state           text NOT NULL CHECK (state IN ('building', 'pending', 'pulling', 'snapshotting',
                    'active', 'inactive', 'error', 'build_failed', 'removing')),
  error_reason    text,
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL,
  last_used_at    timestamptz,
  CONSTRAINT snapshot_name_taken UNIQUE (organization_id, name)
);
