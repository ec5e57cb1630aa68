/** Images that were prepared on this host. */
@NullMarked
package io.daytona.runner.image;

import org.jspecify.annotations.NullMarked;
