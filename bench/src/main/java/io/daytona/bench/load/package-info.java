/** Rows with many sandboxes: at once, idle, burning CPU, one after another without end. */
@NullMarked
package io.daytona.bench.load;

import org.jspecify.annotations.NullMarked;
