/** The REST contract shared by all roles. */
@NullMarked
package io.daytona.wire;

import org.jspecify.annotations.NullMarked;
