/** What happened: the sandboxes' journal and the outbox of events. */
@NullMarked
package io.daytona.control.journal;

import org.jspecify.annotations.NullMarked;
