/** See the module table in ARCHITECTURE.md. */
@NullMarked
package io.daytona.server;

import org.jspecify.annotations.NullMarked;
