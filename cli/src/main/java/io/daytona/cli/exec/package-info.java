/** {@code daytona exec}: runs a program in a sandbox. */
@org.jspecify.annotations.NullMarked
package io.daytona.cli.exec;
