/** What the tests of this module share. */
@NullMarked
package io.daytona.runner.testing;

import org.jspecify.annotations.NullMarked;
