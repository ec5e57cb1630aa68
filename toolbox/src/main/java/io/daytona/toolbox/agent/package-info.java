/** The agent's primitives and the client of its protocol. */
@NullMarked
package io.daytona.toolbox.agent;

import org.jspecify.annotations.NullMarked;
