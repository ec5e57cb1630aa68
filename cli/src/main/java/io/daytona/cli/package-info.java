/** The command line client {@code daytona}. */
@org.jspecify.annotations.NullMarked
package io.daytona.cli;
