/** Regions: where sandboxes run. */
@NullMarked
package io.daytona.control.region;

import org.jspecify.annotations.NullMarked;
