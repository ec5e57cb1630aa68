package io.daytona.toolbox.git;

import io.daytona.http.Call;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.toolbox.git.GitReplies.Config;
import io.daytona.toolbox.git.GitRequests.Authenticate;
import io.daytona.toolbox.git.GitRequests.ConfigureUser;
import io.daytona.toolbox.git.GitRequests.SetConfig;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Settings, the user's name, and stored credentials (toolbox protocol §7.4). */
final class ConfigHandlers {
  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9.\\[\\]:_-]{1,255}");
  private static final String LOCAL = "local";

  private final GitCalls calls;

  ConfigHandlers(GitCalls calls) {
    this.calls = calls;
  }

  Config get(Call<Void> call) throws InterruptedException {
    String key = key(call.query("key").orElse(""));
    Git git = calls.git(call);
    Place place = place(git, call.query("scope").orElse(null), call.query("path").orElse(null));
    GitOutput value = git.run(place.config(List.of("--null", "--get", key)));
    if (value.succeeded()) {
      return new Config(value.out().substring(0, Math.max(0, value.out().length() - 1)));
    }
    if (value.status() == 1 && value.err().isBlank()) {
      return new Config(null);
    }
    throw git.failure(value);
  }

  @Nullable Void set(Call<SetConfig> call) throws InterruptedException {
    SetConfig request = call.body();
    String key = key(GitCalls.required("key", request.key()));
    if (request.value() == null) {
      throw ToolboxError.invalidBody("invalid request body: value is required");
    }
    if (request.value().indexOf('\0') >= 0) {
      throw ToolboxError.badRequest("value must not contain NUL");
    }
    Git git = calls.git(call);
    Place place = place(git, request.scope(), request.path());
    git.check(place.config(List.of("--replace-all", key, request.value())));
    return null;
  }

  @Nullable Void user(Call<ConfigureUser> call) throws InterruptedException {
    ConfigureUser request = call.body();
    String name = GitCalls.required("name", request.name());
    String email = GitCalls.required("email", request.email());
    Git git = calls.git(call);
    Place place = place(git, request.scope(), request.path());
    git.check(place.config(List.of("--replace-all", "user.name", name)));
    git.check(place.config(List.of("--replace-all", "user.email", email)));
    return null;
  }

  /** Stores credentials where git's own helper finds them, in plain text, as asked for. */
  @Nullable Void authenticate(Call<Authenticate> call) throws InterruptedException {
    Authenticate request = call.body();
    String username = GitCalls.required("username", request.username());
    String password = GitCalls.required("password", request.password());
    GitCredentials.requireLine("username", username);
    GitCredentials.requireLine("password", password);
    String host = GitCalls.name("host", request.host(), "github.com");
    String protocol = GitCalls.name("protocol", request.protocol(), "https");
    if (!HOST.matcher(host).matches() || !List.of("http", "https").contains(protocol)) {
      throw ToolboxError.badRequest("host must be a host name, and protocol http or https");
    }
    Git git = calls.git(call);
    Place global = place(git, null, null);
    String description =
        "protocol=%s\nhost=%s\nusername=%s\npassword=%s\n\n"
            .formatted(protocol, host, username, password);
    git.check(GitCommand.in(global.directory, "credential-store", "store").reading(description));
    GitOutput helpers = git.run(global.config(List.of("--get-all", "credential.helper")));
    if (!helpers.lines().contains("store")) {
      git.check(global.config(List.of("--add", "credential.helper", "store")));
    }
    return null;
  }

  private static String key(String key) {
    if (key.isEmpty()) {
      throw ToolboxError.badRequest("key is required");
    }
    if (key.startsWith("-") || key.indexOf('\0') >= 0 || key.indexOf('.') < 1) {
      throw ToolboxError.badRequest("key must be a section, a dot and a name, as in user.name");
    }
    return key;
  }

  private static Place place(Git git, @Nullable String scope, @Nullable String path) {
    String where = scope == null || scope.isEmpty() ? "global" : scope;
    if (!List.of("global", LOCAL, "system").contains(where)) {
      throw ToolboxError.badRequest("scope must be one of global, local, system");
    }
    if (!where.equals(LOCAL)) {
      return new Place("--" + where, git.sandbox().workdir());
    }
    if (path == null || path.isEmpty()) {
      throw ToolboxError.badRequest("path is required for the scope local");
    }
    return new Place("--local", GitCalls.repository(path, git));
  }

  /** Where a setting stands. */
  private record Place(String option, String directory) {
    GitCommand config(List<String> arguments) {
      return GitCommand.in(directory, "config", option).and(arguments);
    }
  }
}
