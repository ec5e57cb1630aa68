package io.daytona.toolbox.process;

import io.daytona.http.Call;
import io.daytona.http.RawReply;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.toolbox.process.ExecutionReply.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
  private final OneShot oneShot;

  CodeRunHandler(SandboxCalls calls, OutputLimits limits, OneShot oneShot) {
    this.calls = calls;
    this.limits = limits;
    this.oneShot = oneShot;
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
    CapturedOutput output = CapturedOutput.of(call, limits, true);
    Spawn spawn =
        ExecuteHandler.spawnOf(language.argv(arguments), env, sandbox.workdir(), limit, output)
            .withInput(language.source(code));
    try {
      return oneShot.run(call, sandbox, limit, output, false, start(sandbox, language, spawn));
    } catch (StartFailure e) {
      return notStarted(language, e, output);
    }
  }

  private static OneShot.Start start(Running sandbox, CodeLanguage language, Spawn spawn) {
    return new OneShot.Start() {
      @Override
      public AgentProcess start() {
        return StartFailure.spawn(sandbox.agent(), spawn);
      }

      @Override
      public void afterTimeout(AgentProcess killed) {
        removeLeftover(sandbox, language.leftover(killed.pid()));
      }
    };
  }

  /** A missing program is what a shell would say of it; anything else is a start failure. */
  private static RawReply notStarted(
      CodeLanguage language, StartFailure failure, CapturedOutput output) {
    output.addNotice(failure.isMissing() ? language.missing() : failure.text());
    return ExecutionReply.of(Outcome.of(failure.isMissing() ? NOT_FOUND : -1), output);
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
