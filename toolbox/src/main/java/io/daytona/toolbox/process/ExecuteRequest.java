package io.daytona.toolbox.process;

import com.fasterxml.jackson.annotation.JsonAlias;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A shell command to run (toolbox protocol §2.1).
 *
 * @param command text fed to the shell
 * @param cwd working directory; absent or empty for the sandbox's
 * @param envs variables added to the sandbox's, which they override; the documented requests call
 *     them {@code env}
 * @param timeout seconds, 0…4294967295; absent or 0 for no limit
 */
public record ExecuteRequest(
    @Nullable String command,
    @Nullable String cwd,
    @JsonAlias("env") @Nullable Map<String, @Nullable String> envs,
    @Nullable Long timeout) {}
