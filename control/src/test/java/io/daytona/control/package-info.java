/** Tests of the control plane against a real PostgreSQL and through its real HTTP listener. */
@NullMarked
package io.daytona.control;

import org.jspecify.annotations.NullMarked;
