/** Git inside a sandbox, by the sandbox's own program or the one the platform brings. */
@NullMarked
package io.daytona.toolbox.git;

import org.jspecify.annotations.NullMarked;
