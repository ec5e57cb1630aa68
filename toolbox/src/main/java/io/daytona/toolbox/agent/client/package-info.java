/** The client side of the agent's protocol (docs/protocols/agent.md) over one Unix socket. */
@NullMarked
package io.daytona.toolbox.agent.client;

import org.jspecify.annotations.NullMarked;
