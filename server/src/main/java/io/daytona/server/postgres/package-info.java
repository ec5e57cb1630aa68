/** PostgreSQL: the embedded server as a child process, and the connections to either kind. */
@NullMarked
package io.daytona.server.postgres;

import org.jspecify.annotations.NullMarked;
