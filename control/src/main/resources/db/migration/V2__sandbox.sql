-- Sandboxes, the journal of their transitions, and the events that tell others about them.

CREATE TABLE sandbox (
  id                    uuid PRIMARY KEY,
  organization_id       uuid NOT NULL REFERENCES organization,
  region_id             text NOT NULL REFERENCES region,
  sandbox_class         text NOT NULL,
  name                  text NOT NULL,
  snapshot              text,                 -- name; a copy, because snapshots come and go
  layers                text[] NOT NULL,
  entrypoint            text[] NOT NULL,
  os_user               text NOT NULL,
  env                   jsonb NOT NULL,       -- may hold secrets: never logged
  labels                jsonb NOT NULL,
  public                boolean NOT NULL,
  network_block_all     boolean NOT NULL DEFAULT false,
  cpu                   integer NOT NULL CHECK (cpu > 0),
  gpu                   integer NOT NULL DEFAULT 0,
  memory_gib            integer NOT NULL CHECK (memory_gib > 0),
  disk_gib              integer NOT NULL CHECK (disk_gib > 0),
  state                 text NOT NULL,
  desired_state         text NOT NULL,
  error_reason          text,
  recoverable           boolean NOT NULL DEFAULT false,
  auto_stop_interval    integer NOT NULL CHECK (auto_stop_interval >= 0),
  auto_archive_interval integer NOT NULL CHECK (auto_archive_interval >= 0),
  auto_delete_interval  integer NOT NULL,
  auth_token            text NOT NULL,
  daemon_version        text,
  created_at            timestamptz NOT NULL,
  updated_at            timestamptz NOT NULL,
  last_activity_at      timestamptz NOT NULL,
  version               bigint NOT NULL,      -- grows with every change, so that caches keep the newest
  CONSTRAINT sandbox_name_taken UNIQUE (organization_id, name),
  CONSTRAINT sandbox_state CHECK (state IN ('creating', 'restoring', 'destroyed', 'destroying',
    'started', 'stopped', 'starting', 'stopping', 'error', 'build_failed', 'pending_build',
    'building_snapshot', 'unknown', 'pulling_snapshot', 'archived', 'archiving', 'resizing',
    'snapshotting', 'forking', 'pausing', 'paused', 'resuming')),
  CONSTRAINT sandbox_desired_state CHECK (desired_state IN ('destroyed', 'started', 'stopped',
    'resized', 'archived', 'paused'))
);

CREATE INDEX sandbox_created ON sandbox (organization_id, created_at, id);
CREATE INDEX sandbox_labels ON sandbox USING gin (labels jsonb_path_ops);
-- What recovery and the reconciler look for; empty on a healthy platform.
CREATE INDEX sandbox_moving ON sandbox (updated_at)
  WHERE state IN ('creating', 'starting', 'stopping', 'destroying');

-- The foreign keys to organization and region stay off these two: they are written on the way of
-- every create, and their rows are copies of a sandbox row that was checked already.
CREATE TABLE sandbox_journal (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sandbox_id      uuid NOT NULL,
  organization_id uuid NOT NULL,
  region_id       text NOT NULL,
  sandbox_class   text NOT NULL,
  from_state      text,                       -- null: the sandbox is new
  to_state        text NOT NULL,
  trigger         text NOT NULL,
  reason          text,
  at              timestamptz NOT NULL
);
CREATE INDEX sandbox_journal_sandbox ON sandbox_journal (sandbox_id, id);

CREATE TABLE outbox (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organization_id uuid NOT NULL,
  region_id       text NOT NULL,
  sandbox_class   text NOT NULL,
  event           text NOT NULL,
  subject         text NOT NULL,              -- id of what the event is about
  payload         jsonb NOT NULL,
  at              timestamptz NOT NULL
);
CREATE INDEX outbox_at ON outbox (at);
