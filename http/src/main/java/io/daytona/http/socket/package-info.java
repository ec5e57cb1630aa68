/** WebSocket rows of the endpoint table, as handlers see them. */
@NullMarked
package io.daytona.http.socket;

import org.jspecify.annotations.NullMarked;
