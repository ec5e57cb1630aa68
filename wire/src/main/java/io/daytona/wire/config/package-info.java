/** Annotations that describe configuration records. */
@NullMarked
package io.daytona.wire.config;

import org.jspecify.annotations.NullMarked;
