/** See the module table in ARCHITECTURE.md. */
@NullMarked
package io.daytona.runner;

import org.jspecify.annotations.NullMarked;
