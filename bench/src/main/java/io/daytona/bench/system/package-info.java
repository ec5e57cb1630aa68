/** The host that the platform runs on: its own figures, its memory, its programs. */
@NullMarked
package io.daytona.bench.system;

import org.jspecify.annotations.NullMarked;
