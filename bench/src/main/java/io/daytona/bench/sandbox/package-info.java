/** Rows of one sandbox's life, and of the platform's size. */
@NullMarked
package io.daytona.bench.sandbox;

import org.jspecify.annotations.NullMarked;
