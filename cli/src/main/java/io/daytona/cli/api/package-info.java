/** Talks to the platform's API. */
@org.jspecify.annotations.NullMarked
package io.daytona.cli.api;
