/** How the process logs. */
@NullMarked
package io.daytona.server.log;

import org.jspecify.annotations.NullMarked;
