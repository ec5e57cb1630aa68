/** The public API as a client sees it: requests and WebSockets. */
@NullMarked
package io.daytona.bench.client;

import org.jspecify.annotations.NullMarked;
