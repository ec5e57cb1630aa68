/** See the module table in ARCHITECTURE.md. */
@NullMarked
package io.daytona.gateway;

import org.jspecify.annotations.NullMarked;
