/** Writable disks of sandboxes. */
@NullMarked
package io.daytona.runner.storage;

import org.jspecify.annotations.NullMarked;
