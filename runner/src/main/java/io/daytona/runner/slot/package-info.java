/** Slots: everything about a sandbox that does not depend on whom it is for. */
@NullMarked
package io.daytona.runner.slot;

import org.jspecify.annotations.NullMarked;
