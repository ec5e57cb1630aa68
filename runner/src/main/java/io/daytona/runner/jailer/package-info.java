/** Client of the jailer, the privileged program of this host (docs/protocols/jailer.md). */
@NullMarked
package io.daytona.runner.jailer;

import org.jspecify.annotations.NullMarked;
