/** Configuration: environment and file, bound to the modules' records. */
@NullMarked
package io.daytona.server.config;

import org.jspecify.annotations.NullMarked;
