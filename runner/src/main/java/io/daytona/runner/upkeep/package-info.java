/** Background work that gives way to creates. */
@NullMarked
package io.daytona.runner.upkeep;

import org.jspecify.annotations.NullMarked;
