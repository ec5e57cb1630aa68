/** Samples of one measured thing, and the line of the report made of them. */
@NullMarked
package io.daytona.bench.row;

import org.jspecify.annotations.NullMarked;
