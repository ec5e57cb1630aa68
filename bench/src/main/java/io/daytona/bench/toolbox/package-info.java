/**
 * Rows of the toolbox, each beside what the operating system takes for the same thing in the same
 * sandbox.
 */
@NullMarked
package io.daytona.bench.toolbox;

import org.jspecify.annotations.NullMarked;
