/** Logs of a session's commands: line records, their wire forms, and where they are kept. */
@NullMarked
package io.daytona.toolbox.session.log;

import org.jspecify.annotations.NullMarked;
