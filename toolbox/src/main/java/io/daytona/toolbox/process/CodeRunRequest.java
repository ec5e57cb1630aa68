package io.daytona.toolbox.process;

import com.fasterxml.jackson.annotation.JsonAlias;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Code to run (toolbox protocol §2.2).
 *
 * @param code source text
 * @param language {@code python}, {@code javascript} or {@code typescript}
 * @param argv arguments of the program
 * @param envs variables added to the sandbox's, which they override; the documented requests call
 *     them {@code env}
 * @param timeout seconds, 0…4294967295; absent or 0 for no limit
 */
public record CodeRunRequest(
    @Nullable String code,
    @Nullable String language,
    @Nullable List<String> argv,
    @JsonAlias("env") @Nullable Map<String, @Nullable String> envs,
    @Nullable Long timeout) {}
