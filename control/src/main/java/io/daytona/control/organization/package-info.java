/** Organizations, their members, and the first one of a new installation. */
@NullMarked
package io.daytona.control.organization;

import org.jspecify.annotations.NullMarked;
