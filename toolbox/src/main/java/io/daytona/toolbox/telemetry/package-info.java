/**
 * What a sandbox uses and what its entrypoint writes, exported by OTLP (toolbox protocol §9).
 *
 * <p>A token is kept by the sandbox's agent, so that the export goes on after a restart of the
 * platform and ends with the sandbox's run.
 */
@NullMarked
package io.daytona.toolbox.telemetry;

import org.jspecify.annotations.NullMarked;
