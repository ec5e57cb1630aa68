/** Limits of request rates (control-plane protocol §1.9): counted in memory, in windows. */
@NullMarked
package io.daytona.http.limit;

import org.jspecify.annotations.NullMarked;
