/** What the control plane asks of a runner. */
@NullMarked
package io.daytona.wire.runner;

import org.jspecify.annotations.NullMarked;
