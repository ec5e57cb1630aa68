/** Sandboxes: their rows, life cycle, endpoints and automation. */
@NullMarked
package io.daytona.control.sandbox;

import org.jspecify.annotations.NullMarked;
