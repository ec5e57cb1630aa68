/** What the user is told when a command fails. */
@org.jspecify.annotations.NullMarked
package io.daytona.cli.error;
