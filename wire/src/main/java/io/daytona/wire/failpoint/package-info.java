/** Named places where a test holds a thread to kill something exactly there. */
@NullMarked
package io.daytona.wire.failpoint;

import org.jspecify.annotations.NullMarked;
