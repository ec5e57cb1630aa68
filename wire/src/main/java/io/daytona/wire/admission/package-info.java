/** What organizations share, so that the load of one leaves room for the others. */
@NullMarked
package io.daytona.wire.admission;

import org.jspecify.annotations.NullMarked;
