/** One run of the benchmark: what it measures, how much of it, and what it stands beside. */
@NullMarked
package io.daytona.bench.run;

import org.jspecify.annotations.NullMarked;
