/** Who may reach which sandbox, asked by the gateway and answered by the control plane. */
@NullMarked
package io.daytona.wire.access;

import org.jspecify.annotations.NullMarked;
