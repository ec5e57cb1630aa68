/** Named places where a test can end the process. */
@NullMarked
package io.daytona.wire.failpoint;

import org.jspecify.annotations.NullMarked;
