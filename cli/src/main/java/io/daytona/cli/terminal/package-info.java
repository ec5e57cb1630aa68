/** The process that runs the client, seen from inside. */
@org.jspecify.annotations.NullMarked
package io.daytona.cli.terminal;
