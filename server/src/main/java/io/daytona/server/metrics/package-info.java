/** Metrics of the process in the format of Prometheus. */
@NullMarked
package io.daytona.server.metrics;

import org.jspecify.annotations.NullMarked;
