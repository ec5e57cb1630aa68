/** The benchmark harness: drives the public API with a real HTTP client and keeps raw results. */
@NullMarked
package io.daytona.bench;

import org.jspecify.annotations.NullMarked;
