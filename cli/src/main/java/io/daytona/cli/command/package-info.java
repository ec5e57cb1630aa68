/** What every command is made of. */
@org.jspecify.annotations.NullMarked
package io.daytona.cli.command;
