/** Snapshots: what sandboxes are made from. */
@NullMarked
package io.daytona.control.snapshot;

import org.jspecify.annotations.NullMarked;
