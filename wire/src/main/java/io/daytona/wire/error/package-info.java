/** The one hierarchy of errors that reach a client. */
@NullMarked
package io.daytona.wire.error;

import org.jspecify.annotations.NullMarked;
