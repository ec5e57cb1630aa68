/** The sandbox as a machine: ports and what listens on them. */
@NullMarked
package io.daytona.toolbox.system;

import org.jspecify.annotations.NullMarked;
