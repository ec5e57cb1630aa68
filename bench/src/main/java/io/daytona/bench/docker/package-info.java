/** A private Docker engine, and what it takes for the same. */
@NullMarked
package io.daytona.bench.docker;

import org.jspecify.annotations.NullMarked;
