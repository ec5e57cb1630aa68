-- Snapshots of images that the operator has imported: the user is the image's, and the row goes with its image.

ALTER TABLE snapshot
  ADD COLUMN imported boolean NOT NULL DEFAULT false,
  ADD COLUMN os_user text NOT NULL DEFAULT 'daytona';
