/** Sandboxes of this host: start, stop, destroy, adoption after a restart. */
@NullMarked
package io.daytona.runner.sandbox;

import org.jspecify.annotations.NullMarked;
