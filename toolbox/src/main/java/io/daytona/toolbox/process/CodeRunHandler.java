package io.daytona.toolbox.process;

import io.daytona.http.Call;
import io.daytona.http.RawReply;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.error.ToolboxError;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /process/code-run}: source text run by its language's program (toolbox protocol
 * §2.2). No shell stands between: arguments reach the program as they are.
 */
final class CodeRunHandler {
  private static final Logger log = LoggerFactory.getLogger(CodeRunHandler.class);
  private static final int NOT_FOUND = 127;

  private final SandboxCalls calls;
  private final OutputLimits limits;

  CodeRunHandler(SandboxCalls calls, OutputLimits limits) {
    this.calls = calls;
    this.limits = limits;
  }

  RawReply handle(Call<CodeRunRequest> call) throws InterruptedException {
    CodeRunRequest request = call.body();
    String code = required(request.code(), "code");
    String name = required(request.language(), "language");
    CodeLanguage language =
        CodeLanguage.ofWire(name)
            .orElseThrow(() -> ToolboxError.badRequest("unsupported language: " + name));
    Map<String, String> env = Environment.of(request.envs());
    List<String> arguments = request.argv() == null ? List.of() : request.argv();
    if (arguments.stream().anyMatch(Objects::isNull)) {
      throw ToolboxError.invalidBody("argv must hold strings");
    }
    Duration limit =
        TimeLimit.of(request.timeout())
            .orElseThrow(
                () -> ToolboxError.invalidBody("timeout must be between 0 and 4294967295 seconds"));
    return run(call, language, code, arguments, env, limit);
  }

  private RawReply run(
      Call<?> call,
      CodeLanguage language,
      String code,
      List<String> arguments,
      Map<String, String> env,
      Duration limit)
      throws InterruptedException {
    Running sandbox = calls.sandbox(call);
    OutputCapture output = limits.capture();
    long start = System.nanoTime();
    Spawn spawn =
        ExecuteHandler.spawnOf(language.argv(arguments), env, sandbox.workdir(), limit)
            .withInput(language.source(code));
    try (AgentProcess process = StartFailure.spawn(sandbox.agent(), spawn)) {
      OptionalInt exit = Execution.run(sandbox.agent(), process, limit, output);
      if (exit.isEmpty()) {
        removeLeftover(sandbox, language.leftover(process.pid()));
        throw ToolboxError.executionTimeout(ExecuteHandler.knowsCodes(call));
      }
      call.timing("run", (System.nanoTime() - start) / 1e6);
      return ExecutionReply.of(exit.getAsInt(), output);
    } catch (StartFailure e) {
      return notStarted(language, e, output);
    } catch (RuntimeException | InterruptedException e) {
      output.close();
      throw e;
    }
  }

  /** A missing program is what a shell would say of it; anything else is a start failure. */
  private static RawReply notStarted(
      CodeLanguage language, StartFailure failure, OutputCapture output) {
    boolean missing = failure.errno() == Errno.ENOENT;
    String text = missing ? language.program() + ": command not found\n" : failure.text();
    output.add(text.getBytes(StandardCharsets.UTF_8));
    return ExecutionReply.of(missing ? NOT_FOUND : -1, output);
  }

  private static void removeLeftover(Running sandbox, String path) {
    if (path.isEmpty()) {
      return;
    }
    try {
      sandbox.agent().remove(path, false);
    } catch (AgentException e) {
      log.debug("{} was not there to be removed: {}", path, e.getMessage());
    }
  }

  private static String required(@Nullable String value, String key) {
    if (value == null || value.isEmpty()) {
      throw ToolboxError.invalidBody(key + " is required");
    }
    return value;
  }
}
