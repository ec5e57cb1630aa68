/** Signed file URLs: the keys of sandboxes and what was signed with them. */
@NullMarked
package io.daytona.control.signing;

import org.jspecify.annotations.NullMarked;
