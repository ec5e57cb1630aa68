/** States of a sandbox as clients see them. */
@NullMarked
package io.daytona.wire.sandbox;

import org.jspecify.annotations.NullMarked;
