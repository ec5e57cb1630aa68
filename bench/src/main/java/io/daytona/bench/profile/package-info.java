/** Where the time of a create and of an exec goes, step by step. */
@NullMarked
package io.daytona.bench.profile;

import org.jspecify.annotations.NullMarked;
